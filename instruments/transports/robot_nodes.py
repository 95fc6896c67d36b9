"""The OPC UA nodes of the sample robot, as docs/instruments-wire.md names them."""

from instruments.transports.opcua import OpcUaObject

ROBOT_NODES = OpcUaObject(
    namespace="urn:lab-agents:robot",
    name="Robot",
    variables={"Status": "Int64", "Halt": "Int64", "Token": "String", "Places": "String"},
    methods={"Transfer": ("String", "Int64", "String", "String")},
    asks="Ask",
)
