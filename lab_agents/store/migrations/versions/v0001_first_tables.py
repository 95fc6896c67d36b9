"""The log's own tables, and the first tables that are queried.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    _make_log()
    _make_source()
    _make_lease()
    _make_campaign()
    _make_proposal()
    _make_work()
    _make_bid()
    _make_sample()
    _make_measurement()
    _make_observation()
    _make_model()
    _make_ticket()
    _make_task()
    _make_act()


def _make_log() -> None:
    op.create_table(
        "log",
        sa.Column("position", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("campaign", sa.String(), nullable=True),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("cause", sa.Integer(), nullable=True),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.String(), nullable=False),
        sa.Column("chain", sa.String(), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("position"),
        sa.UniqueConstraint("id"),
        sa.UniqueConstraint("source", "sequence"),
    )
    op.create_index("ix_log_campaign", "log", ["campaign"], unique=False)
    op.create_index("ix_log_kind", "log", ["kind"], unique=False)


def _make_source() -> None:
    op.create_table(
        "source",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("last_epoch", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source"),
    )


def _make_lease() -> None:
    op.create_table(
        "lease",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("log", sa.String(), nullable=False),
        sa.Column("lab", sa.String(), nullable=False),
        sa.Column("recorder", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def _make_campaign() -> None:
    op.create_table(
        "campaign",
        sa.Column("campaign", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("granted", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("campaign"),
    )
    op.create_index("ix_campaign_content", "campaign", ["content"], unique=False)


def _make_proposal() -> None:
    op.create_table(
        "proposal",
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("campaign", sa.String(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("planner", sa.String(), nullable=False),
        sa.Column("inputs", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_index("ix_proposal_campaign", "proposal", ["campaign"], unique=False)


def _make_work() -> None:
    op.create_table(
        "work",
        sa.Column("work", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("campaign", sa.String(), nullable=True),
        sa.Column("sample", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("bidder", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("work"),
    )
    op.create_index("ix_work_campaign", "work", ["campaign"], unique=False)
    op.create_index("ix_work_sample", "work", ["sample"], unique=False)


def _make_bid() -> None:
    op.create_table(
        "bid",
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("campaign", sa.String(), nullable=True),
        sa.Column("work", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("bidder", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("chance", sa.Float(), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_index("ix_bid_campaign", "bid", ["campaign"], unique=False)
    op.create_index("ix_bid_work", "bid", ["work"], unique=False)


def _make_sample() -> None:
    op.create_table(
        "sample",
        sa.Column("sample", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("campaign", sa.String(), nullable=True),
        sa.Column("work", sa.String(), nullable=True),
        sa.Column("made_by", sa.String(), nullable=True),
        sa.Column("made_at", sa.DateTime(), nullable=True),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("quarantined", sa.String(), nullable=True),
        sa.Column("record", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("sample"),
    )
    op.create_index("ix_sample_campaign", "sample", ["campaign"], unique=False)


def _make_measurement() -> None:
    op.create_table(
        "measurement",
        sa.Column("measurement", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("campaign", sa.String(), nullable=True),
        sa.Column("sample", sa.String(), nullable=False),
        sa.Column("instrument", sa.String(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("raw", sa.String(), nullable=False),
        sa.Column("documents", sa.String(), nullable=False),
        sa.Column("taken_at", sa.DateTime(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("measurement"),
    )
    op.create_index("ix_measurement_campaign", "measurement", ["campaign"], unique=False)
    op.create_index("ix_measurement_sample", "measurement", ["sample"], unique=False)


def _make_observation() -> None:
    op.create_table(
        "observation",
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("campaign", sa.String(), nullable=True),
        sa.Column("sample", sa.String(), nullable=False),
        sa.Column("measurement", sa.String(), nullable=False),
        sa.Column("property", sa.String(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("deviation", sa.Float(), nullable=False),
        sa.Column("retracted", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_index("ix_observation_campaign", "observation", ["campaign"], unique=False)
    op.create_index("ix_observation_measurement", "observation", ["measurement"], unique=False)
    op.create_index("ix_observation_sample", "observation", ["sample"], unique=False)


def _make_model() -> None:
    op.create_table(
        "model",
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("campaign", sa.String(), nullable=True),
        sa.Column("checkpoint", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("n_observations", sa.Integer(), nullable=False),
        sa.Column("held_out", sa.Float(), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_index("ix_model_campaign", "model", ["campaign"], unique=False)
    op.create_index("ix_model_checkpoint", "model", ["checkpoint"], unique=False)


def _make_ticket() -> None:
    op.create_table(
        "ticket",
        sa.Column("ticket", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("campaign", sa.String(), nullable=True),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(), nullable=False),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("person", sa.String(), nullable=True),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("ticket"),
    )
    op.create_index("ix_ticket_campaign", "ticket", ["campaign"], unique=False)


def _make_task() -> None:
    op.create_table(
        "task",
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("campaign", sa.String(), nullable=True),
        sa.Column("work", sa.String(), nullable=False),
        sa.Column("sample", sa.String(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("unknown", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("task"),
    )
    op.create_index("ix_task_campaign", "task", ["campaign"], unique=False)
    op.create_index("ix_task_work", "task", ["work"], unique=False)


def _make_act() -> None:
    op.create_table(
        "act",
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("instrument", sa.String(), nullable=False),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("run", sa.String(), nullable=True),
        sa.Column("started_at", sa.DateTime(), nullable=True),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("record", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("token"),
    )
    op.create_index("ix_act_instrument", "act", ["instrument"], unique=False)
    op.create_index("ix_act_run", "act", ["run"], unique=False)
    op.create_index("ix_act_task", "act", ["task"], unique=False)


def downgrade() -> None:
    """Drop every table; the log is lost."""
    for name in (
        "log",
        "source",
        "lease",
        "campaign",
        "proposal",
        "work",
        "bid",
        "sample",
        "measurement",
        "observation",
        "model",
        "ticket",
        "task",
        "act",
    ):
        op.drop_table(name)
