import { parseIpRoute, parseIpRouteJson } from '@dsr1/shared/fabric/parse/ip-route';
import type { Route } from '@dsr1/shared/facts/netdev';
import type { Probe } from '@dsr1/shared/facts/nullable';
import type { Host } from '../../host/host.ts';
import { detected, rowsOf } from '../probe.ts';

/** Routes of the main table, both families: `ip -j route`, or its text where iproute2 is too old for -j. */
export async function probeRoutes(host: Host): Promise<Probe<Route[]>> {
  const [v4, v6] = await Promise.all([routesOf(host, 4), routesOf(host, 6)]);
  if (!v4.detected) return v4;
  return detected(v4.source, [...v4.value, ...(v6.detected ? v6.value.filter(isNotLinkLocal) : [])]);
}

async function routesOf(host: Host, family: 4 | 6): Promise<Probe<Route[]>> {
  const json = await host.run(['ip', '-j', `-${family}`, 'route']);
  const rows =
    json.answered && json.exitCode !== 0
      ? rowsOf('ip route', await host.run(['ip', `-${family}`, 'route']), parseIpRoute)
      : rowsOf('ip -j route', json, parseIpRouteJson);
  // A default route without a gateway does not show its family; the question does.
  return rows.detected
    ? detected(
        rows.source,
        rows.value.map((route) => ({ ...route, family })),
      )
    : rows;
}

/** Every IPv6 netdev has the same one, and it leads nowhere. */
const isNotLinkLocal = (route: Route) =>
  !route.destination.startsWith('fe80:') && !route.destination.startsWith('ff00:');
