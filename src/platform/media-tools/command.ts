import ffmpeg, { type FfmpegCommand } from 'fluent-ffmpeg';
import { z } from 'zod';

/**
 * Containers of films, by the names of ffmpeg's demuxers. No playlists (`hls`, `dash`, `concat`, …): those name other
 * addresses, which ffmpeg would open past every guard. `protocol_whitelist` keeps files out, this keeps hosts out.
 */
const CONTAINERS =
  'matroska,webm,mov,mp4,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,mp3,aac,flac,wav,ac3,eac3,dts,h264,hevc,m4v,rm,nut';
/** One block of memory; a real film needs far less than these 256 MiB. */
const MAX_BLOCK_BYTES = 256 * 1024 * 1024;

/** Input options of every run. Threads: of the decoder. */
function inputOptions(): string[] {
  return [
    ['-max_alloc', String(MAX_BLOCK_BYTES)],
    ['-threads', '1'],
    ['-protocol_whitelist', 'http,tcp'],
    ['-format_whitelist', CONTAINERS],
    // Small: what lies in the buffer when it seeks was read from the origin for nothing.
    ['-recv_buffer_size', '65536'],
  ].flat();
}

export type Cut = { url: string; startSeconds: number; videoIndex: number; audioIndex: number | null };
/** Encoders, or `copy`. */
export type Codecs = { video: 'copy' | 'libx264'; audio: 'copy' | 'aac' };

/** Timestamps are moved up by so much, that those before zero (B-frames, priming) need no shift of their own. */
export const OFFSET_SECONDS = 10;
/** A run begins so much before its window: what the seek hits is dropped, and encoders have warmed up. */
const LEAD_SECONDS = 1;

/** Fragmented MP4 with the file's own timestamps, a fragment a key frame, from a little before `startSeconds` on. */
export function fragmentArgs({ url, startSeconds, videoIndex, audioIndex }: Cut, codecs: Codecs): string[] {
  const seek = Math.max(0, startSeconds - LEAD_SECONDS);
  const output = [
    ['-map', `0:${videoIndex}`],
    ...(audioIndex === null ? [] : [['-map', `0:${audioIndex}`]]),
    ['-sn', '-dn'],
    ['-map_metadata', '-1', '-map_chapters', '-1'],
    ...(codecs.video === 'copy' ? [['-c:v', 'copy']] : transcodedVideo(startSeconds)),
    ...(codecs.audio === 'copy'
      ? [['-c:a', 'copy']]
      : [['-c:a', 'aac', '-b:a', '192k', '-ac', '2', '-ar', '48000']]),
    ['-output_ts_offset', String(OFFSET_SECONDS)],
    ['-max_muxing_queue_size', '4096'],
    ['-movflags', 'dash+delay_moov+default_base_moof+frag_keyframe+frag_discont+skip_trailer'],
    ['-flush_packets', '1'],
  ];
  return argsOf(
    begin(url, ['-copyts', ...(seek === 0 ? [] : ['-ss', String(seek)])])
      .outputOptions(output.flat())
      .format('mp4'),
  );
}

/** Key frames at named times: an expression would count from the first picture of this run, and the next run's would differ. */
function transcodedVideo(startSeconds: number): string[][] {
  const keyFrames = Array.from({ length: 15 }, (_, index) => startSeconds + 2 * index).join(',');
  return [
    ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '23', '-pix_fmt', 'yuv420p', '-threads', '2'],
    ['-maxrate', '6M', '-bufsize', '12M'],
    ['-vf', "scale=w='min(1920,iw)':h=-2"],
    ['-force_key_frames', keyFrames],
    ['-sc_threshold', '0'],
  ];
}

/** One picture of at most 640 points across, as JPEG. */
export function thumbnailArgs(url: string, videoIndex: number, atSeconds: number): string[] {
  return argsOf(
    begin(url, ['-ss', String(atSeconds), '-noaccurate_seek'])
      .outputOptions(['-map', `0:${videoIndex}`, '-an', '-sn', '-dn', '-frames:v', '1'])
      .outputOptions(['-vf', "scale=w='min(640,iw)':h=-2", '-q:v', '4', '-threads', '1'])
      .outputOptions(['-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p', '-strict', 'unofficial'])
      .format('image2pipe'),
  );
}

/** One text subtitle as SRT (ASS as it is, so that its styling can be told from text). */
export function subtitleArgs(url: string, trackIndex: number, isAss: boolean): string[] {
  return argsOf(
    begin(url, [])
      .outputOptions(['-map', `0:${trackIndex}`, '-vn', '-an', '-dn', '-c:s', isAss ? 'copy' : 'srt'])
      .format(isAss ? 'ass' : 'srt'),
  );
}

export function probeArgs(url: string): string[] {
  return [
    ...['-v', 'error', ...inputOptions()],
    ...['-probesize', '2000000', '-analyzeduration', '5000000'],
    ...['-print_format', 'json', '-show_format', '-show_streams', url],
  ];
}

function begin(url: string, more: readonly string[]): FfmpegCommand {
  return ffmpeg(url).inputOptions(['-nostdin', '-hide_banner', '-v', 'error', ...inputOptions(), ...more]);
}

/**
 * fluent-ffmpeg puts the line together; `run.ts` runs it, since fluent-ffmpeg's own run asks the program first what it can
 * (three processes that cannot be ended), caches paths for the whole process and hands down every secret of the environment.
 */
function argsOf(command: FfmpegCommand): string[] {
  const built: unknown = command.output('pipe:1');
  return WithArguments.parse(built)._getArguments.call(built);
}

const WithArguments = z.object({
  _getArguments: z.custom<() => string[]>((value) => typeof value === 'function'),
});
