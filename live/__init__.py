"""The live server: carries the log of a session between people, over Socket.IO and REST. Decides nothing."""
