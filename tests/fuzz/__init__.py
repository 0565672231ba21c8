# SPDX-License-Identifier: Apache-2.0
"""Every parser of what others wrote, and inputs that nobody meant to write."""
