"""What every record is built from: frozen, strict models and frozen mappings."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainSerializer, StringConstraints

K = TypeVar("K")
V = TypeVar("V")


class Record(BaseModel):
    """A noun of the laboratory: immutable, compared by value, refuses what it does not know.

    Strict, because without it ``True`` and ``"1250"`` pass as floats; NaN and infinities are refused, because
    no quantity of a laboratory is one.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


def _freeze(value: Mapping[K, V]) -> Mapping[K, V]:
    return MappingProxyType(dict(value))


def _thaw(value: Mapping[K, Any]) -> dict[K, Any]:
    """A plain copy, also of frozen mappings inside: serializers do not know mapping proxies."""
    return {k: _thaw(v) if isinstance(v, MappingProxyType) else v for k, v in value.items()}


FrozenMap = Annotated[Mapping[K, V], AfterValidator(_freeze), PlainSerializer(_thaw)]
"""A mapping that cannot be changed after validation; JSON sees an object."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
"""A declared thing (agent, instrument, place, lab): lower case, no spaces, because brokers drop topics with spaces."""

Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:/@-]{0,199}$")]
"""A derived id (work, sample, task, entry): printable, without white space."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A content address in the blob store."""

Token = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
"""64 bits, hexadecimal: names one actuation on the instrument that executes it."""


def with_item(mapping: Mapping[K, V], key: K, value: V) -> Mapping[K, V]:
    """Return a frozen copy of `mapping` in which `key` holds `value`."""
    return MappingProxyType({**mapping, key: value})


def without_item(mapping: Mapping[K, V], key: K) -> Mapping[K, V]:
    """Return a frozen copy of `mapping` without `key` (which may be absent)."""
    return MappingProxyType({k: v for k, v in mapping.items() if k != key})
