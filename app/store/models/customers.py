"""What the helpdesk's own fields say of a customer, as columns of the ticket under watch."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column


class CustomerFacts:
    """Mixed into the tracked ticket. Which field says what is the desk's setting `customer`."""

    customer_tier: Mapped[str | None] = mapped_column(String(100))  #: "gold"; the helpdesk's own word, in lower case
    customer_value: Mapped[float | None]  #: a number of the desk's own making, such as revenue in a year
    organization: Mapped[str | None] = mapped_column(String(200))  #: its name
