"""The Socket.IO namespace /live. (Being built.)"""


class Gateway: ...
