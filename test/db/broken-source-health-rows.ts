/** As `BROKEN_ROWS`: how file servers do. */
export const BROKEN_SOURCE_HEALTH_ROWS: [constraint: string, statement: string][] = [
  ['source_health_state_check', `UPDATE source SET health_state = 'asleep'`],
  ['source_health_own_state_check', `UPDATE source_health SET state = 'asleep'`],
  ['source_health_own_score_check', `UPDATE source_health SET score = 100.01`],
  ['source_health_scan_failures_check', `UPDATE source_health SET scan_failures = -1`],
  ['source_health_probe_failures_check', `UPDATE source_health SET probe_failures = -1`],
  ['source_health_reason_check', `UPDATE source_health SET reason = ''`],
  ['source_health_report_origin_check', `UPDATE source_health_report SET origin = 'rumour'`],
  ['source_health_report_isp_name_check', `UPDATE source_health_report SET isp_name = repeat('x', 101)`],
  ['source_health_report_response_ms_check', `UPDATE source_health_report SET response_ms = 30001`],
  ...['connect_ms', 'listing_ms', 'first_byte_ms', 'bytes_per_second'].flatMap(
    (column): [string, string][] => [
      [`source_probe_${column}_check`, `UPDATE source_probe SET ${column} = -1`],
      [`source_probe_day_${column}_check`, `UPDATE source_probe_day SET ${column} = -1`],
    ],
  ),
  ['source_probe_reason_check', `UPDATE source_probe SET reason = ''`],
  ['source_probe_day_probes_check', `UPDATE source_probe_day SET probes = 0, successes = 0`],
  ['source_probe_day_check', `UPDATE source_probe_day SET successes = 3`],
  ['source_link_check_reason_check', `UPDATE source_link_check SET reason = ''`],
];
