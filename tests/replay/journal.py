"""docs/reference/journal.md, followed: its bytes, and what its events mean."""
import struct
from pathlib import Path

import xxhash

from protos import Group, JournalEvent, outcome_name

EVENTS, GROUPS = 1, 2


class Damage(Exception):
    pass


def records(path, kind):
    """{offset: payload} of a file that ends with a whole record."""
    data = Path(path).read_bytes()
    if data[:16] != b"DROVERJL" + struct.pack("<II", 1, kind):
        raise Damage(f"{path}: not a journal file of kind {kind}")
    found, at = {}, 16
    while at < len(data):
        length, checksum = struct.unpack_from("<IQ", data, at)
        payload = data[at + 12:at + 12 + length]
        if len(payload) != length or xxhash.xxh3_64_intdigest(data[at:at + 4] + payload) != checksum:
            raise Damage(f"{path}: record at {at}")
        found[at] = payload
        at += 12 + length
    return found


def read_events(folder):
    return [JournalEvent.FromString(payload) for payload in records(Path(folder) / "events.log", EVENTS).values()]


class Segments:
    """Groups by where GroupAccepted says that they are."""

    def __init__(self, folder):
        self.folder, self.files = Path(folder), {}

    def read(self, accepted):
        name = f"groups-{accepted.segment:06d}.log"
        if name not in self.files:
            self.files[name] = records(self.folder / name, GROUPS)
        payload = self.files[name][accepted.offset]
        if xxhash.xxh3_128_hexdigest(payload) != accepted.digest:
            raise Damage(f"{name}: group of lease {accepted.lease}")
        return Group.FromString(payload)


class Ledger:
    """The state that the events make; `illegal` raises on what the page does not allow."""

    def __init__(self, events):
        self.state, self.issued, self.accepted = {}, {}, {}
        self.incarnation = self.version = self.durable = 0
        self.trained = []  # RolloutTrained of the surviving line
        self.unfit = set()
        for event in events:
            kind = event.WhichOneof("event")
            getattr(self, kind)(getattr(event, kind))

    def require(self, condition, event):
        if not condition:
            raise Damage(f"illegal: {event}")

    def leases_of(self, rollout, *states):
        """In order of their group's number."""
        found = [lease for lease, issued in self.issued.items() if issued.rollout == rollout and self.state[lease] in states]
        return sorted(found, key=lambda lease: self.issued[lease].group)

    def incarnation_started(self, event):
        self.require(event.incarnation == self.incarnation + 1 and self.durable <= event.version <= self.version, event)
        for lease, state in self.state.items():
            if state == "held":
                self.state[lease] = "expired"
            elif state == "trained" and self.issued[lease].rollout >= event.version:
                self.state[lease] = "failed" if lease in self.unfit else "accepted"
        self.trained = self.trained[:event.version]
        self.incarnation, self.version = event.incarnation, event.version

    def lease_issued(self, event):
        groups = [issued.group for issued in self.issued.values()]
        again = event.group in groups
        self.require(event.lease == len(self.issued) + 1 and event.rollout >= self.version, event)
        self.require(again or event.group == max(groups, default=-1) + 1, event)
        self.issued[event.lease], self.state[event.lease] = event, "held"

    def group_accepted(self, event):
        self.require(self.state.get(event.lease) == "held", event)
        self.require(event.oldest_version >= self.issued[event.lease].min_version, event)
        self.accepted[event.lease], self.state[event.lease] = event, "accepted"

    def lease_closed(self, event):
        outcome = outcome_name(event.outcome).removeprefix("LEASE_OUTCOME_").lower()
        state = self.state.get(event.lease)
        if state == "trained":
            self.require(outcome == "failed" and self.issued[event.lease].rollout >= self.durable, event)
            self.unfit.add(event.lease)
            return
        allowed = {"held": ("filtered", "expired", "stale", "failed"), "accepted": ("failed", "stale")}
        self.require(outcome in allowed.get(state, ()), event)
        self.state[event.lease] = outcome

    def rollout_trained(self, event):
        last = self.trained[-1].last_optimizer_step if self.trained else 0
        self.require(event.rollout == self.version and event.version == event.rollout + 1, event)
        self.require(list(event.leases) == self.leases_of(event.rollout, "accepted"), event)
        self.require(not self.leases_of(event.rollout, "held"), event)
        self.require(last < event.first_optimizer_step <= event.last_optimizer_step + 1, event)
        self.state.update((lease, "trained") for lease in event.leases)
        self.trained.append(event)
        self.version = event.version

    def checkpoint_durable(self, event):
        self.require(self.durable <= event.version <= self.version, event)
        self.durable = event.version

    def counts(self):
        """As summary.json's `groups`."""
        states = list(self.state.values())
        counts = {name: states.count(name) for name in ("trained", "filtered", "expired", "stale", "failed")}
        return counts | {"leased": len(states), "pending": states.count("held") + states.count("accepted")}
