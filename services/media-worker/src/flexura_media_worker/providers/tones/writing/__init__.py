"""What is written before anything sounds: the form, chords, melody, accompaniment and drums."""
