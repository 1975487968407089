from tests.accepted import new_mission

__all__ = ["new_mission"]
