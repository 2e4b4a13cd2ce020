"""The rules of ``domain.referral``: what its messages have to state, and what has to be recorded before them."""

from __future__ import annotations

from domain import events as e
from domain.common_rules import answers_received_message, known_indicators
from domain.context import DecisionContext, Refusal, needs
from domain.editions import since_edition
from domain.events import (
    REFERRALS,
)
from domain.reasons import Reason
from domain.rule_table import form_of


def _answers_no_transfer(context: DecisionContext) -> Refusal | None:
    """In edition 1 a transfer between child guidance centres was no referral."""
    referral = context.case.messages.get(context.event.answers)
    if referral is not None and isinstance(referral.event, e.CgcTransferNotified):
        return answers_received_message(context) or Refusal(Reason.UNKNOWN_MESSAGE)
    return _answers_referral(context)


def _answers_referral(context: DecisionContext) -> Refusal | None:
    refusal = answers_received_message(context)
    if refusal is not None:
        return refusal
    referral = context.case.messages[context.event.answers]
    if not isinstance(referral.event, REFERRALS):
        return Refusal(Reason.UNKNOWN_MESSAGE)
    return needs(context.event.to <= {referral.by}, Reason.NOT_THE_SENDER)


@form_of(e.ReferralOutcomeReported)
@since_edition(2, before=_answers_no_transfer)
def answers_a_referral(context: DecisionContext) -> Refusal | None:
    """Basis: own rule: an addressee of a referral reports its outcome to its sender, and to nobody else."""
    return _answers_referral(context)


form_of(e.FamilyInformationProvided)(known_indicators)
form_of(e.ReferralAcknowledged, e.ReferralRead)(answers_received_message)
