# SPDX-License-Identifier: Apache-2.0
"""Petrel, a vendor that does not exist: what adding one takes, with an API unlike the others'.

Several members a request, named by ids whose case does not count. The answer is a 207 with a result for each member,
from the last id to the first. It asks to wait by a header of its own, in milliseconds.
"""
