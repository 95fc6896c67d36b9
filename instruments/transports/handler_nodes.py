"""The OPC UA nodes of the liquid handler, as docs/instruments-wire.md names them."""

from instruments.transports.opcua import OpcUaObject

HANDLER_NODES = OpcUaObject(
    namespace="urn:lab-agents:handler",
    name="Handler",
    variables={"Status": "Int64", "Halt": "Int64", "Token": "String", "Stocks": "String", "Tips": "Int64"},
    methods={"Mix": ("String", "Int64", "String", "String")},
    asks="Ask",
)
