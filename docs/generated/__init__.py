# SPDX-License-Identifier: Apache-2.0
"""What is filled into the pages when they are built, so that it stands in one place and cannot fall behind."""
