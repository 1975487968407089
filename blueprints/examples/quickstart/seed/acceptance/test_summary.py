"""Where the money went: totals by category."""

import unittest

from pennies.summary import by_category

from pennies.book import Expense


def spent(category: str, *amounts: int) -> list[Expense]:
    return [Expense("2024-05-01", cents, category) for cents in amounts]


class SummingUp(unittest.TestCase):
    def test_the_largest_comes_first(self):
        totals = by_category(spent("food", 300, 450) + spent("travel", 4900) + spent("books", 1800))
        self.assertEqual(list(totals.items()), [("travel", 4900), ("books", 1800), ("food", 750)])

    def test_a_refund_is_taken_off(self):
        self.assertEqual(by_category(spent("food", 1250, -250)), {"food": 1000})

    def test_a_hundred_small_amounts_lose_no_cent(self):
        self.assertEqual(by_category(spent("food", *[29] * 100)), {"food": 2900})
