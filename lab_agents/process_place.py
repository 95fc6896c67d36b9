"""Where a process of a laboratory stands, and what it is given there."""

from dataclasses import dataclass

from lab_agents.blob_place import blobs_of
from lab_agents.blobs import Blobs
from lab_agents.bus.mqtt import MqttBus
from lab_agents.credentials import access_of
from lab_agents.messages.topics import Topics
from lab_agents.records.laboratory import Laboratory
from lab_agents.settings import DEFAULT, Settings
from lab_agents.state_folder import StateFolder


@dataclass(frozen=True)
class Place:
    """Where a process stands: its name and role, the state folder, the laboratory, the broker."""

    role: str
    name: str
    epoch: int
    folder: StateFolder
    laboratory: Laboratory
    broker: str
    settings: Settings = DEFAULT

    @property
    def topics(self) -> Topics:
        """The laboratory's topics."""
        return Topics(self.laboratory.name)

    def make_bus(self, will: tuple[str, bytes] | None = None) -> MqttBus:
        """A bus under this process's name; the epoch makes the client id new, so that no old one is displaced."""
        access = access_of(self.laboratory, self.name)
        return MqttBus(self.broker, f"{self.name}-{self.epoch}", will=will, access=access)

    @property
    def blobs(self) -> Blobs:
        """The laboratory's raw data, wherever its lab file keeps them; reads that file, so in a thread."""
        return blobs_of(self.folder.path)
