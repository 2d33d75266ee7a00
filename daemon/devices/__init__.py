"""Outputs and sensors: names, limits, pins; nothing here touches hardware."""
