from tests.flows.conftest import new_missions

__all__ = ["new_missions"]
