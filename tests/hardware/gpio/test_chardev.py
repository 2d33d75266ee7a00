"""The structs and numbers of `hardware.gpio.chardev`, against the kernel's own header."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from hardware.gpio import chardev
from hardware.gpio.chardev import INPUT, OUTPUT, PULL, HeldLine
from tests.hardware.gpio.kernel_rig import Kernel

KERNELS_OWN = """
#include <linux/gpio.h>
#include <stddef.h>
#include <stdio.h>
int main(void) {
    struct gpio_v2_line_request request = {
        .offsets = {22}, .consumer = "voiced", .num_lines = 1, .config = {
            .flags = GPIO_V2_LINE_FLAG_OUTPUT | GPIO_V2_LINE_FLAG_BIAS_PULL_UP, .num_attrs = 1, .attrs = {
                {.attr = {.id = GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES, .values = 1}, .mask = 1}}}};
    struct gpio_v2_line_info line = {
        .name = "GPIO22", .consumer = "voiced", .offset = 22, .flags = GPIO_V2_LINE_FLAG_USED};
    struct gpiochip_info chip = {.name = "gpiochip0", .label = "pinctrl-bcm2711", .lines = 58};
    struct gpio_v2_line_values values = {.bits = 1, .mask = 1};
    fwrite(&request, sizeof request, 1, stdout);
    fwrite(&line, sizeof line, 1, stdout);
    fwrite(&chip, sizeof chip, 1, stdout);
    fwrite(&values, sizeof values, 1, stdout);
    fprintf(stderr, "[%lu, %lu, %lu, %lu, %lu, %d, %d, %d, %d, %zu]",
            (unsigned long)GPIO_GET_CHIPINFO_IOCTL, (unsigned long)GPIO_V2_GET_LINEINFO_IOCTL,
            (unsigned long)GPIO_V2_GET_LINE_IOCTL, (unsigned long)GPIO_V2_LINE_GET_VALUES_IOCTL,
            (unsigned long)GPIO_V2_LINE_SET_VALUES_IOCTL,
            GPIO_V2_LINE_FLAG_INPUT, GPIO_V2_LINE_FLAG_EDGE_RISING | GPIO_V2_LINE_FLAG_EDGE_FALLING,
            GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN, GPIO_V2_LINE_FLAG_BIAS_DISABLED,
            offsetof(struct gpio_v2_line_request, fd));
}
"""


def test_structs_and_numbers_are_those_of_the_kernels_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, program = tmp_path / "gpio.c", tmp_path / "gpio"
    source.write_text(KERNELS_OWN)
    subprocess.run(["gcc", "-o", program, source], check=True)
    theirs = subprocess.run([program], capture_output=True, check=True)
    kernel = Kernel()
    monkeypatch.setattr("fcntl.ioctl", kernel.ioctl)
    HeldLine(0, 22, OUTPUT | PULL["up"], True).close()
    ours = (
        *kernel.requests,
        chardev.LINE_INFO.pack(b"GPIO22", b"voiced", 22, chardev.USED),
        chardev.CHIP_INFO.pack(b"gpiochip0", b"pinctrl-bcm2711", 58),
        chardev.VALUES.pack(1, 1),
    )
    assert b"".join(ours) == theirs.stdout
    assert json.loads(theirs.stderr) == [
        chardev.CHIP_INFO_IOCTL,
        chardev.LINE_INFO_IOCTL,
        chardev.REQUEST_IOCTL,
        chardev.GET_VALUES_IOCTL,
        chardev.SET_VALUES_IOCTL,
        INPUT,
        chardev.BOTH_EDGES,
        PULL["down"],
        PULL["floating"],
        chardev.REQUEST.size - 4,
    ]
