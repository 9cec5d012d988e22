// A peer of the browser's own WebRTC: one sound both ways or only to here, Opus, and an offer that waits for its candidates.
// When to offer, and what an answer means, is the affair of sound.ts.
import type { MakePeer, PeerNews } from "./sound";

/** Without servers all candidates are there at once; a server that does not answer is not waited for. */
const GATHER_WITHIN_MS = 1_500;

const NEWS: Readonly<Partial<Record<RTCPeerConnectionState, PeerNews>>> = {
  connected: "connected",
  disconnected: "unsteady",
  failed: "failed",
  closed: "failed",
};

export const browserPeer: MakePeer = (iceServers, speaks, listener) => {
  const connection = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
  const transceiver = connection.addTransceiver("audio", { direction: speaks ? "sendrecv" : "recvonly" });
  onlyOpus(transceiver);
  connection.ontrack = ({ track, streams }) => listener.heard(streams[0] ?? new MediaStream([track]));
  connection.onconnectionstatechange = () => {
    const news = NEWS[connection.connectionState];
    if (news !== undefined) listener.news(news);
  };
  return {
    speaks,
    offer: async () => {
      await connection.setLocalDescription(await connection.createOffer());
      await gathered(connection);
      return connection.localDescription?.sdp ?? "";
    },
    answer: (sdp) => connection.setRemoteDescription({ type: "answer", sdp }),
    send: (track) => transceiver.sender.replaceTrack(track),
    close: () => {
      connection.onconnectionstatechange = null;
      connection.ontrack = null;
      connection.close();
    },
  };
};

/** The one codec of the room; the offer is a third as long without the others. */
function onlyOpus(transceiver: RTCRtpTransceiver): void {
  const codecs = RTCRtpReceiver.getCapabilities("audio")?.codecs ?? [];
  const opus = codecs.filter((each) => each.mimeType.toLowerCase() === "audio/opus");
  if (opus.length > 0) transceiver.setCodecPreferences(opus);
}

function gathered(connection: RTCPeerConnection): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      connection.removeEventListener("icegatheringstatechange", look);
      resolve();
    };
    const look = (): void => {
      if (connection.iceGatheringState === "complete") done();
    };
    const timer = setTimeout(done, GATHER_WITHIN_MS);
    connection.addEventListener("icegatheringstatechange", look);
    look();
  });
}
