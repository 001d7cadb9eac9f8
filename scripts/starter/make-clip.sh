#!/usr/bin/env bash
# Makes the project's own test clip from nothing but ffmpeg's generators:
#   clip.mp4        120 s, 1280x720 at 24 fps, H.264 High + AAC stereo, a key frame every 2 s,
#                   the index in front (faststart), between 10 and 15 MB
#   clip-poster.jpg 600x900, under 100 kB
#   clip.en.vtt     English subtitles, one cue every 10 s
# The three files are dedicated to the public domain (CC0 1.0). One ffmpeg version gives the same
# bytes each time: fixed seeds, fixed threads, bit-exact muxing.
#
#   scripts/starter/make-clip.sh [output folder]
set -euo pipefail

OUT_DIR="${1:-$(cd "$(dirname "$0")" && pwd)}"
SECONDS_TOTAL=120
FPS=24
LOOP_SECONDS=30                 # the picture repeats seamlessly after this; the clock does not
VIDEO_KBPS=720                  # 720 + 128 kbit/s for 120 s = 12.7 MB
AUDIO_KBPS=128
MIN_BYTES=10000000
MAX_BYTES=15000000
POSTER_MAX_BYTES=100000

if ! command -v ffmpeg >/dev/null 2>&1; then
  echo "ffmpeg is missing. Install it: Debian/Ubuntu 'apt-get install ffmpeg fonts-dejavu-core'," \
    "macOS 'brew install ffmpeg', Windows 'winget install ffmpeg'." >&2
  exit 1
fi
if command -v fc-list >/dev/null 2>&1 && [ -z "$(fc-list 'DejaVu Sans')" ]; then
  echo "The DejaVu fonts are missing. Install them: Debian/Ubuntu 'apt-get install fonts-dejavu-core'." >&2
  exit 1
fi

mkdir -p "$OUT_DIR"
WORK_DIR="$(mktemp -d)"
trap 'rm -rf "$WORK_DIR"' EXIT

FF=(ffmpeg -hide_banner -loglevel error -nostdin -y)

# --- Picture: three streams that flow together ---
# Each colour plane holds one stream (a soft band along a moving curve); the mixer below gives every
# stream its own colour. The frequencies are whole turns per loop, so the loop has no seam.
stream() { # centre, amplitude, waves, turns per loop, phase
  echo "255*exp(-pow((Y/H-(0.5+($1)*pow(1-X/W\\,1.4)+$2*sin($3*X/W-2*PI*T*$4/$LOOP_SECONDS+$5)*(1-0.55*X/W)))/(0.022+0.05*X/W)\\,2))"
}
# Halo around the streams, then the mixer: teal, blue and violet over deep night blue.
COLOUR="colorchannelmixer=rr=0.10:rg=0.12:rb=0.62:gr=0.82:gg=0.46:gb=0.26:br=0.70:bg=0.98:bb=0.88"
NIGHT="lutrgb=r='clip(8+val\\,0\\,255)':g='clip(14+val\\,0\\,255)':b='clip(34+val\\,0\\,255)'"

picture() { # width, height, r, g, b
  echo "color=c=black:s=$1x$2:r=$FPS:d=$LOOP_SECONDS,format=gbrp,geq=r='$3':g='$4':b='$5'"
}
GLOW="split[core][halo];[halo]gblur=sigma=14,lutrgb=r='val*0.75':g='val*0.75':b='val*0.75'[soft];[core]lutrgb=r='val*0.55':g='val*0.55':b='val*0.55'[sharp];[sharp][soft]blend=all_mode=screen"

"${FF[@]}" -f lavfi -i "$(picture 320 180 "$(stream -0.40 0.055 6 2 0)" "$(stream 0.02 0.070 5 3 2)" "$(stream 0.42 0.060 7 2 4)")" \
  -filter_complex "[0:v]$GLOW,$COLOUR,$NIGHT" -c:v ffv1 "$WORK_DIR/loop.mkv"

# --- Words over the picture ---
face() { # family, style: the font file where fontconfig can name it, else the family alone
  if command -v fc-match >/dev/null 2>&1; then
    echo "fontfile='$(fc-match -f '%{file}' "$1:style=$2")'"
  else
    echo "font='$1'"
  fi
}
SANS="$(face 'DejaVu Sans' Book)"
BOLD="$(face 'DejaVu Sans' Bold)"
MONO="$(face 'DejaVu Sans Mono' Bold)"
SHADE="shadowcolor=0x000818@0.65:shadowx=0:shadowy=3"
NOW="%{pts\\:hms}"
FRAME="frame %{n}"

TEXT="drawtext=$BOLD:text='T R I B U T A R Y':x=64:y=56:fontsize=34:fontcolor=white:$SHADE"
TEXT="$TEXT,drawtext=$SANS:text='Confluence - the project test clip':x=64:y=102:fontsize=22:fontcolor=0xBFE6F2:$SHADE"
TEXT="$TEXT,drawtext=$SANS:text='CC0 1.0 - public domain':x=w-tw-64:y=62:fontsize=22:fontcolor=0xBFE6F2:$SHADE"
TEXT="$TEXT,drawtext=$MONO:text='$NOW':x=(w-tw)/2:y=(h-th)/2-8:fontsize=124:fontcolor=white:borderw=4:bordercolor=0x03101F@0.75"
TEXT="$TEXT,drawtext=$SANS:text='$FRAME':x=64:y=h-104:fontsize=24:fontcolor=0xDDEFFF:$SHADE"
TEXT="$TEXT,drawtext=$SANS:text='of 02\\:00  -  $FPS fps  -  a key frame every 2 s  -  a new tone every second':x=w-tw-64:y=h-104:fontsize=24:fontcolor=0xDDEFFF:$SHADE"

# A progress bar with a mark every 10 s, and a lamp that flashes with each tone.
MARKS=""
for second in $(seq 10 10 110); do
  MARKS="$MARKS,drawbox=x=64+1152*$second/$SECONDS_TOTAL-1:y=646:w=2:h=14:color=white@0.55:t=fill"
done
BAR="drawbox=x=64:y=650:w=1152:h=6:color=white@0.18:t=fill$MARKS"
LAMP="drawtext=$BOLD:text='●':x=(w-tw)/2:y=456:fontsize=40:fontcolor=0x8FF0FF:alpha='pow(1-mod(t\\,1)\\,2)'"

VIDEO="[0:v]scale=1280:720:flags=bicubic,noise=alls=5:allf=t:all_seed=42,format=yuv420p,$TEXT,$BAR,$LAMP[base]"
VIDEO="$VIDEO;color=c=0x6FE3FF:s=1152x6:r=$FPS:d=$SECONDS_TOTAL[fill]"
VIDEO="$VIDEO;color=c=black@0:s=1152x6:r=$FPS:d=$SECONDS_TOTAL,format=rgba[lane]"
VIDEO="$VIDEO;[lane][fill]overlay=x='-w+w*t/$SECONDS_TOTAL':y=0:format=rgb[run]"
VIDEO="$VIDEO;[base][run]overlay=x=64:y=650:shortest=1,format=yuv420p[v]"

# --- Sound: a bell from a five-note scale, another one every second ---
# Step k of the scale is 12*floor(k/5) + 2*(k mod 5) + (k mod 5 >= 3) half tones above 220 Hz.
STEP="st(0\\,mod(floor(t)*7+floor(t/10)*3\\,10))"
TONE="st(1\\,220*pow(2\\,(12*floor(ld(0)/5)+2*mod(ld(0)\\,5)+gte(mod(ld(0)\\,5)\\,3))/12))"
BELL="st(2\\,mod(t\\,1))*0+min(1\\,ld(2)*60)*min(1\\,(1-ld(2))*30)*exp(-2.4*ld(2))"
WAVE="(sin(2*PI*ld(1)*ld(2))+0.35*sin(4*PI*ld(1)*ld(2))+0.12*sin(6*PI*ld(1)*ld(2)))"
DRONE="0.035*sin(2*PI*110*t)*(0.8+0.2*sin(2*PI*t/8))"
LEFT="$STEP*0+$TONE*0+($BELL)*0.17*$WAVE+$DRONE"
RIGHT="$STEP*0+$TONE*0+($BELL)*0.13*$WAVE+0.035*sin(2*PI*110.4*t)"
AUDIO="aevalsrc=exprs='$LEFT|$RIGHT':s=48000:d=$SECONDS_TOTAL:c=stereo,aecho=0.9:0.7:90|170:0.22|0.12"
AUDIO="$AUDIO,afade=t=in:d=1,afade=t=out:st=$((SECONDS_TOTAL - 2)):d=2"

# --- Two passes, so that the size is met (one thread: two give other bytes each time) ---
encode() { # pass number, output arguments…
  local pass="$1"
  shift
  "${FF[@]}" -filter_complex_threads 1 -stream_loop -1 -i "$WORK_DIR/loop.mkv" -f lavfi -i "$AUDIO" \
    -filter_complex "$VIDEO" -map '[v]' -map 1:a -t "$SECONDS_TOTAL" \
    -c:v libx264 -profile:v high -preset medium -b:v "${VIDEO_KBPS}k" -maxrate 2000k -bufsize 4000k \
    -r "$FPS" -g $((FPS * 2)) -keyint_min $((FPS * 2)) -sc_threshold 0 -threads 1 \
    -pass "$pass" -passlogfile "$WORK_DIR/x264" \
    -fflags +bitexact -flags:v +bitexact -flags:a +bitexact -map_metadata -1 "$@"
}
encode 1 -an -f null /dev/null
encode 2 -c:a aac -b:a "${AUDIO_KBPS}k" -metadata title='Confluence' -metadata:s:a:0 language=eng \
  -movflags +faststart -f mp4 "$WORK_DIR/clip.mp4"

# --- Poster: the same streams, flowing down, dimmed behind the words at the foot ---
fall() { # centre, amplitude, waves, phase
  echo "255*(1-0.8*clip((Y/H-0.62)/0.2\\,0\\,1))*exp(-pow((X/W-(0.5+($1)*pow(1-Y/H\\,1.4)+$2*sin($3*Y/H+$4)*(1-0.55*Y/H)))/(0.030+0.075*Y/H)\\,2))"
}
POSTER_TEXT="drawtext=$BOLD:text='CONFLUENCE':x=(w-tw)/2:y=h-248:fontsize=68:fontcolor=white:$SHADE"
POSTER_TEXT="$POSTER_TEXT,drawbox=x=(iw-120)/2:y=ih-160:w=120:h=3:color=0x8FF0FF@0.9:t=fill"
POSTER_TEXT="$POSTER_TEXT,drawtext=$SANS:text='Two minutes, one clock, many streams':x=(w-tw)/2:y=h-138:fontsize=23:fontcolor=0xDDEFFF:$SHADE"
POSTER_TEXT="$POSTER_TEXT,drawtext=$BOLD:text='T R I B U T A R Y':x=(w-tw)/2:y=52:fontsize=26:fontcolor=white@0.92:$SHADE"
POSTER_TEXT="$POSTER_TEXT,drawtext=$SANS:text='TEST CLIP  -  2026  -  CC0 1.0':x=(w-tw)/2:y=h-62:fontsize=17:fontcolor=0xBFE6F2@0.85"

"${FF[@]}" -f lavfi -i "$(picture 300 450 "$(fall -0.42 0.060 6 0)" "$(fall 0.03 0.075 5 2)" "$(fall 0.42 0.065 7 4)")" \
  -filter_complex "[0:v]$GLOW,$COLOUR,$NIGHT,scale=600:900:flags=bicubic,$POSTER_TEXT,format=yuvj444p" \
  -frames:v 1 -q:v 3 -fflags +bitexact -flags:v +bitexact -map_metadata -1 -f image2 -update 1 "$WORK_DIR/clip-poster.jpg"

# --- Subtitles ---
{
  printf 'WEBVTT\n'
  for ((second = 0; second < SECONDS_TOTAL; second += 10)); do
    end=$((second + 9))
    printf '\n%02d:%02d.000 --> %02d:%02d.000\n' $((second / 60)) $((second % 60)) $((end / 60)) $((end % 60))
    printf 'The clock reads %d:%02d.\n' $((second / 60)) $((second % 60))
  done
} >"$WORK_DIR/clip.en.vtt"

# --- Checks, then the files take their places ---
bytes="$(wc -c <"$WORK_DIR/clip.mp4")"
if [ "$bytes" -lt "$MIN_BYTES" ] || [ "$bytes" -gt "$MAX_BYTES" ]; then
  echo "clip.mp4 has $bytes bytes, wanted $MIN_BYTES to $MAX_BYTES: change VIDEO_KBPS." >&2
  exit 1
fi
poster_bytes="$(wc -c <"$WORK_DIR/clip-poster.jpg")"
if [ "$poster_bytes" -gt "$POSTER_MAX_BYTES" ]; then
  echo "clip-poster.jpg has $poster_bytes bytes, wanted at most $POSTER_MAX_BYTES." >&2
  exit 1
fi
mv "$WORK_DIR/clip.mp4" "$WORK_DIR/clip-poster.jpg" "$WORK_DIR/clip.en.vtt" "$OUT_DIR/"
echo "clip.mp4 $bytes bytes, clip-poster.jpg $poster_bytes bytes, clip.en.vtt, in $OUT_DIR"
