"""Why a run says what it says of a clip: attention and gates against a reference group, and what each modality adds."""
