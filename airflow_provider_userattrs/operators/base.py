# SPDX-License-Identifier: Apache-2.0
"""What the seven operators share: the parameters, the push, and its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, cast

from airflow_provider_userattrs._airflow import BaseOperator
from airflow_provider_userattrs.columns import Constant, Hashed
from airflow_provider_userattrs.operators import parameters
from airflow_provider_userattrs.operators.links import PushReportLink
from airflow_provider_userattrs.operators.users import Rows
from airflow_provider_userattrs.push.mapping.mapper import Mapper
from airflow_provider_userattrs.push.mapping.times import time_zone
from airflow_provider_userattrs.push.model.errors import InvalidRow, RefusedConfiguration
from airflow_provider_userattrs.push.model.operation import Operation
from airflow_provider_userattrs.push.model.shard import Shard
from airflow_provider_userattrs.sources.templates import is_deferred, is_rendering, keep_text
from airflow_provider_userattrs.task.failure import WrongParameter, explain, to_raise
from airflow_provider_userattrs.task.lineage import add_counts, leave_out_events, lineage

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context
    from airflow.providers.openlineage.extractors import OperatorLineage

    from airflow_provider_userattrs.hooks.base import VendorHook
    from airflow_provider_userattrs.report import PushReport
    from airflow_provider_userattrs.task.spec import PushSpec

    OperatorPartial: TypeAlias = Any  # Airflow has it in another place in each version

#: Field -> parameter, where their names differ.
_NAMES = {"is_dry_run": "dry_run"}
_FIELDS = {name: field for field, name in _NAMES.items()}

#: The shared parameters that the report shows, in the order of their documentation.
_SHOWN = (
    "nulls",
    "max_failed",
    "on_empty",
    "concurrency",
    "timezone",
    "checkpoint_path",
    "on_unknown",
    "allow_restart",
)


class UserPushOperator(BaseOperator):
    """Push users to a vendor and report what became of every row.

    The task's XCom is the report, also when the task fails; docs/report.md has its fields.

    :param users: the rows: an upstream task's XCom (a list of dicts, a path or what `hand_over` returns, or several), a
        plain list, a source object, or the path of a file.
    :param nulls: what a NULL means: ``"skip"`` the attribute, or ``"unset"`` it at the vendor.
    :param max_failed: what share of the rows (a float from 0.0 to 1.0, or text such as ``"5%"``) or how many of them
        (an int) may end ``rejected``, ``invalid``, ``partial`` or ``unknown`` before the task fails: ``1`` is one row,
        ``1.0`` is all of them. None: only a push in which nothing was accepted fails.
    :param on_empty: what a push without a single row is: ``"warn"`` for a success with a warning, ``"fail"`` for a
        failure, ``"ok"`` for a success. A shard without rows is a success; the total decides for all of them.
    :param rejects_path: an object-storage path for the rows not accepted, one JSON line each with the reason; each
        push has a file of its own next to that name, which the report gives. It holds personal data.
    :param rate_limit: the cap per second in the vendor's unit; None for the connection's, then the documented one.
    :param concurrency: requests in flight at most.
    :param timezone: the time zone of naive datetimes, and of times sent without one; an IANA name.
    :param dry_run: whether to do everything but send.
    :param checkpoint_path: a folder on object storage for the checkpoint with which a retry resumes where the last try
        stopped; None for Airflow's own task state store (3.3 and later), or no checkpoint.
    :param on_unknown: what to do with rows that a killed try may have sent, if the operation is not idempotent:
        ``"report"`` them as ``unknown``, or ``"resend"`` them.
    :param shard: which shard of a split push this is, as `shards` returns it; it gets its share of the cap.
    :param allow_restart: whether a retry may send such rows again if no checkpoint can be kept.
    :raises ValueError: when the DAG is parsed, if a parameter is invalid.
    """

    template_fields: Sequence[str] = (
        "users",
        "max_failed",
        "rate_limit",
        "concurrency",
        "timezone",
        "is_dry_run",
        "shard",
        "rejects_path",
        "checkpoint_path",
    )
    ui_color = "#e6f0ea"
    operator_extra_links = (PushReportLink(),)

    #: Parameter -> what checks it.
    checks: ClassVar[dict[str, parameters.Check]] = {
        "users": parameters.check_users,
        "nulls": parameters.choice("skip", "unset"),
        "max_failed": parameters.check_max_failed,
        "on_empty": parameters.ON_EMPTY,
        "rate_limit": parameters.check_rate_limit,
        "concurrency": parameters.check_concurrency,
        "timezone": parameters.check_time_zone,
        "dry_run": parameters.check_flag,
        "rejects_path": parameters.check_path,
        "checkpoint_path": parameters.check_path,
        "on_unknown": parameters.choice("report", "resend"),
        "allow_restart": parameters.check_flag,
        "shard": parameters.check_shard,
    }

    #: The parameter that names the user.
    user_field: ClassVar[str]

    #: The parameter with what is set or unset.
    columns_field = "attributes"

    def __init__(
        self,
        *,
        users: Any,
        nulls: str = "skip",
        max_failed: int | float | str | None = 0.5,
        on_empty: str = "warn",
        rejects_path: str | None = None,
        rate_limit: float | None = None,
        concurrency: int = 16,
        timezone: str = "UTC",
        dry_run: bool = False,
        checkpoint_path: str | None = None,
        on_unknown: str = "report",
        allow_restart: bool = False,
        shard: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._check_parameters({"users": users, "shard": shard})
        self.users = Rows(users)
        self.nulls = nulls
        self.max_failed = max_failed
        self.on_empty = on_empty
        self.rejects_path = rejects_path
        self.rate_limit = rate_limit
        self.concurrency = concurrency
        self.timezone = timezone
        # Not dry_run: Airflow's operators have a method of that name.
        self.is_dry_run = dry_run
        self.checkpoint_path = checkpoint_path
        self.on_unknown = on_unknown
        self.allow_restart = allow_restart
        self.shard = Shard(**shard) if isinstance(shard, dict) else shard

    def __setattr__(self, key: str, value: Any) -> None:
        """Set an attribute; a subclass may set each parameter by its name, as late as in `execute`.

        :raises WrongParameter: if ``users`` cannot be a source of rows; the others are checked when the task runs.
        """
        if key == "dry_run":  # the name of a method of Airflow's operators
            key = _FIELDS[key]
        elif key == "users" and not isinstance(value, Rows):
            self._check_parameters({"users": value})
            value = Rows(value)
        super().__setattr__(key, value)

    @classmethod
    def partial(cls, **given: Any) -> OperatorPartial:
        """Return the mapped operator; an invalid parameter is an error here already."""
        cls._check_parameters({name: given[name] for name in given.keys() & cls.checks.keys()})
        mapped: OperatorPartial = super().partial(**given)
        return mapped

    _report: PushReport | None = None

    #: The parameters, except users, as given: before Airflow rendered them.
    _given: dict[str, Any]

    #: The parameters that decide what becomes of a row, besides the shared ones.
    configuration_fields: ClassVar[tuple[str, ...]] = ()

    # Defined by a vendor's operators.

    def make_hook(self) -> VendorHook:
        """Return the hook; imported here and not at the top, since DAG files are parsed again and again."""
        raise NotImplementedError

    def make_operation(self) -> Operation:
        """Return the operation."""
        raise NotImplementedError

    # Shared.

    def make_mapper(self, columns: Any) -> Mapper:
        """Return the mapper from rows to updates.

        :param columns: what is set or unset, rendered.
        :raises InvalidRow: if a name or a constant breaks one of the vendor's rules.
        """
        operation = self.make_operation()
        rules = operation.rules(time_zone(self.timezone))
        if operation.unsets:
            return Mapper(rules, self._user_columns(), unset=tuple(columns))
        return Mapper(rules, self._user_columns(), attributes=columns, **self.mapper_options())

    def mapper_options(self) -> dict[str, Any]:
        """Return the mapper's options where attributes are set."""
        return {"unset_nulls": self.nulls == "unset", "no_attributes": self.users.keys}

    def _user_columns(self) -> dict[str, str]:
        """Return the columns that name the user, in order of preference: credential -> column."""
        columns = getattr(self, self.user_field)
        if isinstance(columns, str):
            return {self.user_field: columns}
        return dict(columns) if isinstance(columns, Mapping) else {name: name for name in columns}

    def configuration(self) -> dict[str, Any]:
        """Return the parameters that decide what becomes of a row; the connection decides too."""
        fields = (self.columns_field, "nulls", "timezone", self.user_field, *self.configuration_fields)
        return {"operator": type(self).__name__, **{field: getattr(self, field) for field in fields}}

    def check_given(self) -> None:
        """Check the parameters once all are set; those known only when the task runs are checked then.

        :raises WrongParameter: if one is invalid.
        """
        self._check_parameters(self._parameters())
        self._check_paths()
        self._given = self._parameters()
        columns = getattr(self, self.columns_field)
        if all(parameters.is_known(value) for value in self.configuration().values()):
            try:
                self.make_mapper(columns)
            except InvalidRow as invalid:
                raise WrongParameter(explain(self.columns_field, invalid.verdict)) from None

    def make_spec(self, context: Context) -> PushSpec:
        """Return the specification of the push, from the rendered parameters.

        :param context: the task's context.
        """
        from airflow_provider_userattrs.task.spec import PushSpec  # not at the top, as in `execute`

        refused = self.check_rendered()
        columns = getattr(self, self.columns_field)
        shown = (self.user_field, *self.configuration_fields, self.columns_field, "rate_limit", *_SHOWN)
        return PushSpec(
            operation=self.make_operation(),
            make_mapper=lambda: self.make_mapper(self._render_constants(columns, context)),
            make_hook=self.make_hook,
            users=self.users,
            columns_field=self.columns_field,
            named_columns=lambda mapper: self.named_columns(mapper, required=not self.users.are_alike),
            identity=self.configuration(),
            parameters={"users": str(self.users), **{field: getattr(self, field) for field in shown}},
            log=self.log,
            refused=refused,
            retries=self.retries or 0,
            shard=self.shard,
            rate_limit=self.rate_limit,
            concurrency=self.concurrency,
            max_failed=cast("float | None", self.max_failed),  # a number, once it is settled
            on_empty=self._on_empty,
            dry_run=self.is_dry_run,
            rejects_path=self.rejects_path,
            checkpoint_path=self.checkpoint_path,
            on_unknown=self.on_unknown,
            allow_restart=self.allow_restart,
        )

    @property
    def _on_empty(self) -> str:
        """Return what it means here that there are no rows: nothing, if upstream was skipped or other shards have some.

        A task that runs after a skipped one was told so by its author, in its trigger rule.
        """
        is_one_of_many = self.shard is not None and self.shard.of > 1
        return "ok" if is_one_of_many or self.users.are_skipped else self.on_empty

    def _render_constants(self, columns: Any, context: Context) -> Any:
        """Return what is set or unset, with templates in constants rendered."""
        if not isinstance(columns, dict):
            return columns

        def render(value: Any) -> Any:
            return keep_text(value, self.render_template(value, context))

        return {
            name: Constant(render(source.value))
            if isinstance(source, Constant)
            else Hashed(render(source.column))
            if isinstance(source, Hashed)
            else source
            for name, source in columns.items()
        }

    def named_columns(self, mapper: Mapper, *, required: bool) -> dict[str, str]:
        """Return the columns that the author named: column -> parameter.

        :param mapper: the mapper.
        :param required: whether to leave out alternative columns for the user, of which a row needs only one.
        """
        user = () if required and len(mapper.user_columns) > 1 else mapper.user_columns
        named = dict.fromkeys(mapper.attribute_columns, self.columns_field)
        return {**named, **dict.fromkeys(user, self.user_field)}

    def check_rendered(self) -> RefusedConfiguration | None:
        """Convert and check the parameters as rendered by Airflow or set since; return the first error, or None.

        An invalid parameter is set to None or to what was given, so that the task can still report.
        """
        wrong: Exception | None = None
        for name, given in self._given.items():
            field = _FIELDS.get(name, name)
            value = getattr(self, field)
            value = parameters.from_text(name, keep_text(given, value) if is_rendering(given, value) else value)
            try:
                self.checks[name](name, value)
            except WrongParameter as error:
                wrong, value = wrong or error, None if field in self.template_fields else given
            setattr(self, field, Shard(**value) if name == "shard" and isinstance(value, dict) else value)
        try:
            self.users.check()
            self._check_paths()
            if self.on_empty == "fail" and self.shard is not None and self.shard.of > 1:
                parameters.refuse(
                    "on_empty", "fail", "a shard may be empty while others are not; give it to PushTotalOperator"
                )
        except (WrongParameter, RefusedConfiguration) as error:
            wrong = wrong or error
        return None if wrong is None else RefusedConfiguration(str(wrong))

    def _parameters(self) -> dict[str, Any]:
        """Return the parameters that are checked, except users, which is checked first."""
        return {name: getattr(self, _FIELDS.get(name, name)) for name in self.checks if name != "users"}

    @classmethod
    def _check_parameters(cls, given: dict[str, Any]) -> None:
        """Check parameters, except those known only when the task runs, which Airflow must render.

        :param given: parameter -> what the author gave.
        """
        for parent in cls.__mro__[1:]:
            for field in getattr(parent, "template_fields", ()):
                name = _NAMES.get(field, field)
                if field not in cls.template_fields and is_deferred(given.get(name)):
                    raise WrongParameter(
                        f"{name} is known only when the task runs, but is not among the template_fields of "
                        f"{cls.__name__}; write template_fields = (*{parent.__name__}.template_fields, ...)"
                    )
        parameters.check(cls.checks, given, [_NAMES.get(field, field) for field in cls.template_fields])

    def _check_paths(self) -> None:
        if self.rejects_path is not None and self.rejects_path == self.users.path:
            parameters.refuse("rejects_path", self.rejects_path, "the file that the rows are read from; give another")

    def execute(self, context: Context) -> PushReport:
        """Push the users and return the report."""
        # Not at the top: DAG files are parsed again and again, and parsing needs none of this.
        from airflow_provider_userattrs.task.shutdown import Interruption

        with Interruption(Rows.rows) as interruption:
            from airflow_provider_userattrs.task.run import Run  # takes a moment, during which a signal may arrive

            run = Run(self.make_spec(context), context, interruption)
            if skipped := self.users.skipped:
                self.log.info("No users from %s, which was skipped", skipped)
            report = self._report = run.run()
            error = run.error
            if error is not None:
                context["ti"].xcom_push(key="return_value", value=report)
        if error is None:
            if report["dry_run"]:
                leave_out_events(context["ti"])
            else:
                add_counts(self.outlets, context["outlet_events"], report)
            return report
        failure = report["failure"] or str(error)
        raise interruption.hand_on(failure) or to_raise(error, failure)

    def get_openlineage_facets_on_complete(self, _: Any) -> OperatorLineage[Any, Any]:
        """Return the push's lineage for OpenLineage, however the push ended."""
        return lineage(self._report)
