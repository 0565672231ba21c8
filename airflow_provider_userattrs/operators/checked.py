# SPDX-License-Identifier: Apache-2.0
"""Operators whose parameters are checked when the DAG is parsed, and again once Airflow has rendered them."""

from __future__ import annotations

from inspect import unwrap
from typing import Any, ClassVar

from airflow_provider_userattrs._airflow import BaseOperator
from airflow_provider_userattrs.operators.callbacks import Callbacks
from airflow_provider_userattrs.operators.literals import from_text
from airflow_provider_userattrs.operators.mapped import OperatorPartial, checked, is_mapped
from airflow_provider_userattrs.operators.parameters import Check, check_kept, check_path
from airflow_provider_userattrs.operators.rule import Moment, Rule
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.sources.paths import as_text
from airflow_provider_userattrs.sources.templates import is_deferred, is_rendering, keep_text
from airflow_provider_userattrs.task.failure import WrongParameter


class CheckedOperator(BaseOperator):
    """Base class of operators that check their parameters by tables.

    Its ``__init__`` sets each parameter as a field of the same name and ends with `check_given`.
    """

    #: Parameter -> what checks it.
    checks: ClassVar[dict[str, Check]] = {}

    #: What must hold of several parameters together.
    rules: ClassVar[tuple[Rule, ...]] = ()

    #: Parameter -> field, for names that Airflow's operators use for something else.
    renamed_fields: ClassVar[dict[str, str]] = {}

    #: Parameters that are checked by `check_parameters` before they are set; upstream's values are checked when read.
    upstream_fields: ClassVar[tuple[str, ...]] = ()

    #: The other parameters as the author gave them, before Airflow rendered them.
    _given: dict[str, Any]

    def __setattr__(self, key: str, value: Any) -> None:
        """Set a field; a subclass may set each parameter by its name, as late as in `execute`."""
        super().__setattr__(self.renamed_fields.get(key, key), self._kept(key, value))

    @classmethod
    def partial(cls, **given: Any) -> OperatorPartial:
        """Return the operator to be mapped; an invalid parameter is an error here already.

        Parameters that do not go together are one in ``expand``, which says which of them are mapped over. So are those
        of a subclass with an ``__init__`` of its own, which may make something else of them first.
        """
        given = {name: cls._kept(name, value) for name, value in given.items()}
        if not cls.has_an_init_of_its_own():
            cls.check_parameters({name: given[name] for name in given.keys() & cls.checks.keys()})
        on_attention = given.get("on_attention")
        if on_attention is not None and all(map(callable, Callbacks(on_attention))):
            given["on_attention"] = Callbacks(on_attention)
        return checked(super().partial(**given))

    @classmethod
    def has_an_init_of_its_own(cls) -> bool:
        """Return whether it is a subclass that takes its parameters itself; Airflow wraps the ``__init__`` of each."""
        ours = next(parent for parent in cls.__mro__ if "checks" in vars(parent))
        return unwrap(cls.__init__) is not unwrap(ours.__init__)  # type: ignore[misc]

    @classmethod
    def check_parameters(cls, given: dict[str, Any]) -> None:
        """Check parameters, except those known only when the task runs, which Airflow must render.

        :param given: parameter -> what the author gave.
        :raises WrongParameter: if one is invalid.
        """
        given = {name: cls._kept(name, value) for name, value in given.items() if not is_mapped(value)}
        for parent in cls.__mro__[1:]:
            for field in getattr(parent, "template_fields", ()):
                name = cls._parameter_of(field)
                if field not in cls.template_fields and is_deferred(given.get(name)):
                    raise WrongParameter(
                        f"{name} is known only when the task runs, but is not among the template_fields of "
                        f"{cls.__name__}; write template_fields = (*{parent.__name__}.template_fields, ...)"
                    )
        rendered = [cls._parameter_of(field) for field in cls.template_fields]
        for name, value in given.items():
            if not is_deferred(value):
                cls.checks[name](name, value)
            elif name not in rendered:
                raise WrongParameter(
                    f"{name} is known only when the task runs, but is needed when the DAG is parsed; give a fixed value"
                )
            else:
                check_kept(name, value)

    def check_given(self) -> None:
        """Check the parameters once all are set; those known only when the task runs are checked then.

        :raises WrongParameter: if one is invalid.
        """
        names = [name for name in self.checks if name not in self.upstream_fields]
        self._given = {name: getattr(self, self._field_of(name)) for name in names}
        self.check_parameters(self._given)
        self.check_together(Moment.GIVEN)
        if not getattr(self, "_BaseOperator__from_mapped", False):
            self.check_together(Moment.PARSED)

    def check_together(self, moment: Moment) -> None:
        """Check whether parameters go together, except those that are mapped over.

        :param moment: when this is.
        :raises WrongParameter: if some do not.
        """
        for rule in self.rules:
            values = (getattr(self, self._field_of(name), None) for name in rule.reads)
            if moment in rule.moments and not any(map(is_mapped, values)):
                rule.check(self)

    def check_rendered(self) -> RefusedConfiguration | None:
        """Convert and check the parameters as rendered by Airflow or set since; return the first error, or None.

        An invalid parameter is set to None or to what was given, so that the task can still report.
        """
        wrong: Exception | None = None
        for name, given in self._given.items():
            field = self._field_of(name)
            value = getattr(self, field)
            try:
                value = from_text(name, keep_text(given, value) if is_rendering(given, value) else value)
                self.checks[name](name, value)
            except (WrongParameter, RefusedConfiguration) as error:
                wrong, value = wrong or error, None if field in self.template_fields else given
            setattr(self, field, value)
        try:
            self.check_together(Moment.RENDERED)
        except (WrongParameter, RefusedConfiguration) as error:
            wrong = wrong or error
        return None if wrong is None else RefusedConfiguration(str(wrong))

    @classmethod
    def _kept(cls, parameter: str, value: Any) -> Any:
        """Return a parameter's value as it is kept: a path as text, which may be a template."""
        return as_text(value) if cls.checks.get(parameter) is check_path else value

    @classmethod
    def _field_of(cls, parameter: str) -> str:
        return cls.renamed_fields.get(parameter, parameter)

    @classmethod
    def _parameter_of(cls, field: str) -> str:
        return next((name for name, renamed in cls.renamed_fields.items() if renamed == field), field)
