"""Engine: runs inferences; each is one task that appends to one log and ends exactly once."""

from shell.contract import (
    InferenceRequest,
    InferenceSummary,
    ServiceStatus,
    SessionConfig,
    SessionInfo,
    SessionRunOptions,
    SessionSnapshot,
)
from shell.log import InferenceLog


class Engine:
    """Interface; the body follows."""

    def start(self, owner: str, request: InferenceRequest) -> InferenceLog:
        raise NotImplementedError

    def run_session(self, owner: str, options: SessionRunOptions) -> InferenceLog:
        raise NotImplementedError

    def create_session(self, owner: str, config: SessionConfig) -> SessionInfo:
        raise NotImplementedError

    def destroy_session(self, owner: str, session_id: str) -> bool:
        raise NotImplementedError

    def cancel(self, owner: str, inference_id: str) -> bool:
        raise NotImplementedError

    def log(self, owner: str, inference_id: str) -> InferenceLog:
        raise NotImplementedError

    def list(self, owner: str) -> "list[InferenceSummary]":
        raise NotImplementedError

    def session(self, owner: str, session_id: str) -> SessionSnapshot:
        raise NotImplementedError

    def status(self, owner: str) -> ServiceStatus:
        raise NotImplementedError

    def close_owner(self, owner: str) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError
