import type { PacketCount } from '@dsr1/shared/fabric/check/model';
import { readNumber } from '../facts/probe.ts';
import type { Host } from '../host/host.ts';

/** Packets since it was made. */
export type Counter = () => Promise<PacketCount>;

/**
 * Where drivers count RDMA packets of a port: the InfiniBand port counters, which mlx5 fills for RoCE too, and
 * soft-RoCE's own (drivers/infiniband/sw/rxe/rxe_hw_counters.c).
 */
const PLACES = {
  sent: ['hw_counters/sent_pkts', 'counters/port_xmit_packets'],
  received: ['hw_counters/rcvd_pkts', 'counters/port_rcv_packets'],
} as const;

export async function countPackets(host: Host, device: string, port: number): Promise<Counter> {
  const now = async (places: readonly string[]): Promise<number | null> => {
    for (const place of places) {
      const value = await readNumber(host, `/sys/class/infiniband/${device}/ports/${port}/${place}`);
      if (value !== null) return value;
    }
    return null;
  };
  const both = async () => Promise.all([now(PLACES.sent), now(PLACES.received)]);
  const [sent, received] = await both();
  const since = (value: number | null, before: number | null): number | null =>
    value === null || before === null ? null : value - before;
  return async () => {
    const [sentNow, receivedNow] = await both();
    return {
      sent: since(sentNow ?? null, sent ?? null),
      received: since(receivedNow ?? null, received ?? null),
    };
  };
}
