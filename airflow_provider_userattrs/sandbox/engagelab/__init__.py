# SPDX-License-Identifier: Apache-2.0
"""EngageLab MA, imitated."""
