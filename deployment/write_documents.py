"""Writes what is made from the tables in the code: the AsyncAPI document, Mosquitto's access list and configuration.

python deployment/write_documents.py
"""

import json
from pathlib import Path

from instruments.lab import read_laboratory
from lab_agents.messages.access import mosquitto_access, mosquitto_configuration
from lab_agents.messages.asyncapi import asyncapi_document

ROOT = Path(__file__).resolve().parent.parent
LAB_FILE = ROOT / "deployment" / "labs" / "opv_replay.yaml"
"""The laboratory whose users the access list names; another laboratory writes its own with `mosquitto_access`."""


def documents() -> dict[Path, str]:
    """Each file and what it must hold."""
    return {
        ROOT / "docs" / "asyncapi.json": json.dumps(asyncapi_document(), indent=1, ensure_ascii=False) + "\n",
        ROOT / "deployment" / "mosquitto.acl": mosquitto_access(read_laboratory(LAB_FILE)),
        ROOT / "deployment" / "mosquitto.conf": mosquitto_configuration(),
    }


if __name__ == "__main__":
    for path, text in documents().items():
        path.write_text(text)
