"""Which of several sales under one reference is the one. Pure.

Tryton knows no idempotency keys, so a repeated or concurrent attempt may leave a second draft. Every attempt reads all
sales under the reference and takes one step by this rule; then it reads again. Why no two are ever confirmed:

* A sale is confirmed only after a read in which every other visible one is cancelled (`Step.CONFIRM`), and only from
  the state `quotation`: Tryton ignores the transition from any other state, and its optimistic lock refuses it when
  the sale was changed since that read.
* Cancelled is final: nothing here makes a cancelled sale a draft again.
* Were X and Y both confirmed, the read before X's confirmation showed Y cancelled (then it stays so) or not at all.
  Then Y was created later, and whoever confirms Y has read X, which exists by then: it was cancelled, so it was never
  confirmed, or it was not, so Y was not confirmed. A request that reaches Tryton late changes nothing in this.
* Refused is final too. What the ERP refuses for good is marked in the sale itself before it is cancelled, and every
  later read ends in `Step.REFUSE`, once no other sale is open. So a worker that lost its lease sells nothing for a run
  that ended by the refusal: what the refuser's last read showed is cancelled and stays so, and whatever is created
  later is confirmed only after a read, which shows the mark. The lock of the read that chose the sale keeps a step
  that merely came too late from being taken for a refusal.
* A draft that becomes visible late may have the lower id. Until something is confirmed the lowest wins, and whoever was
  about to confirm another finds it cancelled; afterwards the confirmed one wins and the late draft is cancelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Final

import msgspec

CONFIRMED: Final = frozenset({"confirmed", "processing", "done"})
_OPEN: Final = frozenset({"draft", "quotation"})


class Sale(msgspec.Struct, frozen=True):
    """One sale under the reference. `refused`: marked as what the ERP refused for good."""

    id: int
    state: str
    refused: bool = False


class Step(Enum):
    CREATE = "create"
    CANCEL = "cancel"
    QUOTE = "quote"
    CONFIRM = "confirm"
    DONE = "done"
    REFUSE = "refuse"


class Choice(msgspec.Struct, frozen=True):
    """The next step, and the sales that it is for: CANCEL's losers, REFUSE's marked one, the winner of every other."""

    step: Step
    ids: tuple[int, ...] = ()


def choose(sales: Sequence[Sale]) -> Choice:
    """What to do about `sales`, all that a read showed under one reference."""
    confirmed = sorted(sale.id for sale in sales if sale.state in CONFIRMED)
    still_open = sorted((sale for sale in sales if sale.state in _OPEN), key=lambda sale: sale.id)
    refused = sorted(sale.id for sale in sales if sale.refused)
    losers = still_open if confirmed or refused else still_open[1:]
    if losers:
        return Choice(Step.CANCEL, tuple(sale.id for sale in losers))
    if confirmed:
        return Choice(Step.DONE, (confirmed[0],))
    if refused:
        return Choice(Step.REFUSE, (refused[0],))
    if not still_open:
        return Choice(Step.CREATE)
    winner = still_open[0]
    return Choice(Step.QUOTE if winner.state == "draft" else Step.CONFIRM, (winner.id,))
