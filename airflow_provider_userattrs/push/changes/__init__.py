# SPDX-License-Identifier: Apache-2.0
"""What a vendor is known to hold, so that only what changed is sent."""
