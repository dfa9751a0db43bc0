"""Measures of the voice and of speech timing. Where Praat is the field's reference, Praat computes them."""

from __future__ import annotations

from functools import partial

from divine.measures.info import SPEECH_TASKS, MeasureInfo

PRAAT = "Praat, through parselmouth"
ACTIVITY = "voice activity: Praat intensity above a threshold, at least 0.05 s, pauses at least 0.25 s"
NUCLEI = "syllable nuclei: voiced peaks of the intensity that rise 2 dB above the dips beside them"
RATE = "(n - 1) / (t(n) - t(1)), t the rises of the intensity to the nuclei"
AGED_NORM = "mean ± 2 SD of 80 healthy Tamil speakers, 50 to over 80 years (Krishna, Selvaraj and Aurangazeb 2025)"
AGED_NOTE = (
    "The norm is of Tamil speakers of 50 years and more. Rates differ between languages: "
    "speakers of another one, or younger ones, may lie outside the norm and be well."
)
PERSIAN = (
    "42 healthy Persian speakers of 60 to 80 years said 4.06 /pa/ a second on average, below its lower end "
    "(J. Res. Rehabil. Sci. 13(3))."
)


_audio = partial(MeasureInfo, modality="audio", source=PRAAT, tasks=SPEECH_TASKS)


VOICE: tuple[MeasureInfo, ...] = (
    _audio(
        "f0_mean", "Mean pitch (F0)", "Hz", "mean of F0 over voiced frames",
        "The mean frequency at which the vocal folds vibrate.",
    ),
    _audio(
        "f0_sd", "Variation of pitch", "semitones", "SD of 12 log2(F0) over voiced frames",
        "How much the pitch varies; a small value is heard as a monotonous voice.",
    ),
    _audio(
        "jitter_local", "Jitter (local)", "%", "100 mean |T(i) - T(i-1)| / mean T, T the glottal periods",
        "How much each cycle of the voice differs in length from the next; meant for steady vowels, larger in running speech.",
    ),
    _audio(
        "shimmer_local", "Shimmer (local)", "%", "100 mean |A(i) - A(i-1)| / mean A, A the peak amplitudes of the cycles",
        "How much each cycle of the voice differs in strength from the next; meant for steady vowels.",
    ),
    _audio(
        "hnr", "Harmonics-to-noise ratio", "dB",
        "mean over periodic frames of 10 log10(r / (1 - r)), r the peak of the normalised cross-correlation at one period",
        "How much of the voice is tone rather than breath or roughness; low values are heard as hoarse.",
    ),
    _audio(
        "f1_median", "First formant", "Hz", "median over voiced frames (Burg)",
        "The lowest resonance of the mouth, which rises as the jaw opens.",
    ),
    _audio(
        "f2_median", "Second formant", "Hz", "median over voiced frames (Burg)",
        "The second resonance of the mouth, which rises as the tongue moves forward.",
    ),
    _audio(
        "intensity_mean", "Level of speech", "dBFS", "10 log10 of the mean square over active speech, 0 dBFS being an RMS of 1",
        "How strong the recorded speech is against the recorder's full scale; not a sound pressure.",
        source="raw samples, not normalised",
    ),
    _audio(
        "speech_duration", "Duration of speech", "s", "end of the last active stretch - start of the first",
        "How long the subject took from the first sound to the last.", source=ACTIVITY,
    ),
    _audio(
        "phonation_time", "Phonation time", "s", "number of voiced frames x frame step",
        "For how long the voice sounds, all voiced parts together.",
    ),
    _audio(
        "pause_count", "Pauses", "", "silences of at least 0.25 s between active stretches",
        "How often the subject pauses.", source=ACTIVITY,
    ),
    _audio(
        "pause_total", "Time in pauses", "s", "sum of the pauses", "How long all pauses last together.", source=ACTIVITY,
    ),
    _audio(
        "pause_mean", "Mean pause", "s", "mean length of a pause", "How long a pause lasts on average.", source=ACTIVITY,
    ),
    _audio(
        "pause_fraction", "Share of pauses", "%", "100 pause_total / speech_duration",
        "How much of the speaking time is silence.", source=ACTIVITY,
    ),
    _audio(
        "syllable_count", "Syllables", "", "number of syllable nuclei", "How many syllables were found.", source=NUCLEI,
    ),
    _audio(
        "syllable_rate", "Syllable rate", "syllables/s", RATE,
        "How many syllables are spoken per second, pauses included.", source=NUCLEI, tasks=("BBP_NORMAL",),
    ),
    _audio(
        "ddk_pa_rate", "DDK rate of /pa/", "syllables/s", RATE,
        "How many times per second the subject repeats /pa/; the lips limit it.", source=NUCLEI,
        tasks=("DDK_PA",), needs_task=True, norm=(4.3, 9.1), norm_source=AGED_NORM, norm_note=f"{AGED_NOTE} {PERSIAN}",
    ),
    _audio(
        "ddk_pataka_rate", "DDK rate of /pataka/", "syllables/s", RATE,
        "How many syllables of /pataka/ the subject says per second; lips and tongue must alternate.", source=NUCLEI,
        tasks=("DDK_PATAKA",), needs_task=True, norm=(3.4, 7.4), norm_source=AGED_NORM, norm_note=AGED_NOTE,
    ),
    _audio(
        "syllable_interval_cv", "Irregularity of syllables", "%",
        "100 SD(T) / mean(T), T the times between the rises to the nuclei, SD over n - 1",
        "How unevenly the syllables follow each other; 0 is perfectly regular.", source=NUCLEI,
    ),
)  # fmt: skip
