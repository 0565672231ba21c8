# SPDX-License-Identifier: Apache-2.0
"""Reads back some of the users that were accepted, and compares them with what was sent."""
