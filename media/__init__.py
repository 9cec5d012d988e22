"""The sound of a session: peers, mixer, recorder, store. Nothing is here yet; sessions run without sound."""
