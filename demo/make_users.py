# SPDX-License-Identifier: Apache-2.0
"""Make up the users of the demo: ``python demo/make_users.py > example_dags/made_up_users.csv``.

Most are as they should be; some break a rule of one vendor, as rows do.
"""

from __future__ import annotations

import csv
import random
import sys
from datetime import datetime, timedelta

COUNT = 2_000
NAMES = """
Ada Björn Chloé Đorđe Élodie Fatima Giộng Hélène İlker Jürgen Κώστας Łukasz María Ngọc Ольга Pådraig
Qíng Renée Søren Thérèse Ünal Виктор Wójciech Xóchitl 优子 Żaneta 健太 محمد שרה अनिका
"""
FIRST_NAMES = NAMES.split()
CITIES = ["Århus", "Kraków", "München", "São Paulo", "Singapore", "Zürich", "東京", ""]
PLANS = ["free", "silver", "gold", ""]


def user(number: int, dice: random.Random) -> dict[str, object]:
    """Return one user; an empty field is a NULL."""
    born = datetime(1950, 1, 1) + timedelta(days=dice.randrange(20_000))
    ordered = datetime(2026, 1, 1) + timedelta(seconds=dice.randrange(25_000_000))
    return {
        "euid": 10_360_000 + number,
        "customer_id": f"C-{number:05d}",
        "username": f"user{number:04d}",
        "email": f"user{number:04d}@example.com",
        "first_name": dice.choice(FIRST_NAMES),
        "city": dice.choice(CITIES),
        "plan": dice.choice(PLANS),
        "birthday": born.date().isoformat() if dice.random() < 0.9 else "",
        "last_order_at": f"{ordered.isoformat()}+00:00" if dice.random() < 0.8 else "",
        "lifetime_value": f"{dice.randrange(500_000) / 100:.2f}" if dice.random() < 0.9 else "",
        "orders": dice.randrange(40),
        "newsletter": dice.choice(("true", "false")),
        "phone": f"+4930{dice.randrange(10**7):07d}" if dice.random() < 0.8 else "",
        "bio": "",
    }


def spoil(users: list[dict[str, object]], dice: random.Random) -> None:
    """Give a few users values that a vendor refuses."""
    picked = iter(dice.sample(users, 21))
    for _ in range(9):
        next(picked)["username"] = f"ghost{dice.randrange(10**6):06d}"  # nobody at Kahuna
    for _ in range(3):
        next(picked)["bio"] = "Ünderground " * 200  # over 2,048 bytes, and over 512 characters
    for _ in range(4):
        next(picked)["bio"] = "A long story. " * 40  # over 512 characters
    for customer_id in ("guest", "null"):
        next(picked)["customer_id"] = customer_id
    for euid in ("n/a", "10360e3", "true"):
        next(picked)["euid"] = euid


def main() -> None:
    """Write the users as CSV."""
    dice = random.Random(1852)
    users = [user(number, dice) for number in range(COUNT)]
    spoil(users, dice)
    writer = csv.DictWriter(sys.stdout, list(users[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(users)


if __name__ == "__main__":
    main()
