"""The words that travel, and the port they travel through.

`reports`, `orders`, `security`, `tamper` and `truth` hold one frozen struct per message type; `frames` holds
the columnar ones; `envelope` wraps them all; `codec` turns envelopes into bytes and back; `seal` signs and
checks, for the run that a `run_id` names; `port` says what a road must offer.
"""
