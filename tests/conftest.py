"""What all tests share."""

from hypothesis import HealthCheck, settings

# The machines that run this are shared: a slow draw says nothing about the code.
settings.register_profile("voiced", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("voiced")
