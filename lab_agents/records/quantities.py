"""Numbers that carry their unit and range into the JSON schema; names carry none."""

from typing import Annotated

from pydantic import Field

Seconds = Annotated[float, Field(ge=0, json_schema_extra={"unit": "s"})]
Hours = Annotated[float, Field(ge=0, json_schema_extra={"unit": "h"})]
Microlitres = Annotated[float, Field(ge=0, json_schema_extra={"unit": "µL"})]
Fraction = Annotated[float, Field(ge=0, le=1, json_schema_extra={"unit": "1"})]
Chance = Annotated[float, Field(ge=0, le=1, json_schema_extra={"unit": "1"})]
Deviation = Annotated[float, Field(ge=0, description="One standard deviation, in the unit of its value.")]
