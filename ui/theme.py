"""Gradio's theme, bound to the colours of ``static/base.css``: one accent, system fonts, nothing loaded from outside."""

from __future__ import annotations

from gradio.themes import Base, colors, sizes

_FONT = ["ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "Arial", "sans-serif"]
_MONO = ["ui-monospace", "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", "Consolas", "monospace"]


def _both(**values: str) -> dict[str, str]:
    """Give a value to light and dark alike: the variables behind it know the difference."""
    return values | {f"{name}_dark": value for name, value in values.items()}


THEME = Base(
    primary_hue=colors.blue,
    neutral_hue=colors.slate,
    font=_FONT,
    font_mono=_MONO,
    radius_size=sizes.radius_sm,
).set(
    **_both(
        body_background_fill="var(--dv-ground)",
        body_text_color="var(--dv-ink)",
        body_text_color_subdued="var(--dv-ink-soft)",
        background_fill_primary="var(--dv-surface)",
        background_fill_secondary="var(--dv-ground)",
        border_color_primary="var(--dv-line)",
        block_background_fill="transparent",
        block_border_width="0px",
        block_label_text_color="var(--dv-ink-soft)",
        block_title_text_color="var(--dv-ink)",
        block_info_text_color="var(--dv-ink-soft)",
        block_shadow="none",
        input_background_fill="var(--dv-surface)",
        input_border_width="1px",
        input_border_color="var(--dv-edge)",
        input_border_color_focus="var(--dv-accent)",
        input_placeholder_color="var(--dv-ink-soft)",
        input_shadow="none",
        input_shadow_focus="none",
        button_primary_background_fill="var(--dv-accent)",
        button_primary_background_fill_hover="var(--dv-accent-strong)",
        button_primary_text_color="var(--dv-on-accent)",
        button_primary_border_color="var(--dv-accent)",
        button_secondary_background_fill="var(--dv-surface)",
        button_secondary_background_fill_hover="var(--dv-hover)",
        button_secondary_text_color="var(--dv-ink)",
        button_secondary_border_color="var(--dv-edge)",
        link_text_color="var(--dv-accent-text)",
    )
)
