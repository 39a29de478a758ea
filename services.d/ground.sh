# What all servers stand on: a folder and its owner, a lock, a port, processes. Sourced by ../services, which sets root,
# name (postgres17@second), server (postgres17), kind (postgres), release (17; empty: Debian's) and folder. A file of
# services.d/ defines
#
#   server_program   prints the path of the server's binary
#   server_packages  prints the Debian packages that it comes with
#   create_data      makes $folder/data for the first start
#   launch PORT      starts the server there and returns when it answers; 4: the port is taken
#   ask_to_stop PID  asks for a clean stop and returns at once
#   server_url PORT  prints the address as clients take it
#
# and may use "${as_owner[@]}", main_pid and in_url.

fail() {
  echo "services: $*" >&2
  exit 1
}

# ---- the folder and its owner ----

# Who runs the server: whoever owns its data already; else the caller, for root the user behind sudo, or nobody.
# as_owner is what to put before a command that the owner shall run.
find_owner() {
  owner=$(id -un) as_owner=()
  [[ $EUID -eq 0 ]] || return 0
  owner=${SUDO_USER:-nobody}
  [[ $owner != root ]] || owner=nobody
  if [[ -d $folder/data ]]; then owner=$(stat -c %U "$folder/data"); fi
  as_owner=(setpriv --reuid="$owner" --regid="$(id -g "$owner")" --init-groups --inh-caps=-all --)
}

may_enter() { "${as_owner[@]}" sh -c 'cd "$1" 2>/dev/null && test -w .' - "$1" </dev/null; }

# Sets folder to where the data are; fails if there are none yet.
find_folder() {
  folder=$(realpath -m -- "$folder")
  noted=$folder
  if [[ -f $noted/where ]]; then folder=$(<"$noted/where"); fi
  find_owner
  [[ -d $folder/data ]]
}

# The same for `up`: makes a folder that the owner may enter.
choose_folder() {
  if find_folder; then return 0; fi
  mkdir -p -- "$noted" 2>/dev/null || fail "$(id -un) may not make the folder $noted; give another --folder"
  folder=$noted
  if [[ $EUID -eq 0 ]]; then chown "$owner" "$folder"; fi
  if may_enter "$folder"; then
    chmod 700 "$folder"
    return 0
  fi
  local hash place
  hash=$(printf '%s' "$noted" | sha256sum | cut -c1-12)
  for place in "${TMPDIR:-/tmp}" /tmp /var/tmp; do
    "${as_owner[@]}" sh -c 'cd "$1" 2>/dev/null' - "$place" </dev/null || continue
    folder=$(realpath -- "$place")/levada-services-$hash
    mkdir -m 700 -- "$folder" 2>/dev/null && chown "$owner" "$folder"
    # Anybody may make files in a folder for temporary files: what is there must be ours.
    [[ ! -L $folder && $(stat -c %U "$folder") == "$owner" ]] || fail "$folder belongs to somebody else: remove it"
    printf '%s\n' "$folder" >"$noted/where"
    return 0
  done
  fail "$owner may enter neither $noted nor a folder for temporary files; give another --folder"
}

# One command at a time in one folder. The server does not inherit the lock (descriptor 9 is closed for it).
with_lock() {
  exec 9>"$folder/lock"
  flock -w 120 9 || fail "another command has been busy with $folder for two minutes"
  cd "$folder"
  "$@"
}

# ---- processes and ports ----

# Processes whose working directory is the data folder: the server and its children, and nobody else's.
processes() {
  local process
  for process in /proc/[0-9]*; do
    if [[ $process/cwd -ef $folder/data ]]; then echo "${process#/proc/}"; fi
  done
}

# The one of them whose parent is not of them.
main_pid() {
  local all process stat
  all=$(processes)
  for process in $all; do
    { read -r stat <"/proc/$process/stat"; } 2>/dev/null || continue  # gone since
    stat=${stat##*) }  # state, then the parent
    set -- $stat
    if [[ $'\n'$all$'\n' != *$'\n'$2$'\n'* ]]; then
      echo "$process"
      return 0
    fi
  done
}

gone_within() {  # SECONDS
  local end=$((SECONDS + $1))
  while [[ -n $(processes) ]]; do
    ((SECONDS < end)) || return 1
    sleep 0.05
  done
}

# Below the range that the kernel gives to clients, and nobody answers there.
free_port() {
  local port
  while true; do
    port=$((RANDOM % 12000 + 20000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  echo "$port"
}

# For addresses: all but plain letters as %XX.
in_url() {
  local LC_ALL=C text=$1 i c
  for ((i = 0; i < ${#text}; ++i)); do
    c=${text:i:1}
    case $c in
      [A-Za-z0-9/._~-]) printf '%s' "$c" ;;
      *) printf '%%%02X' "'$c" ;;
    esac
  done
}

# ---- the commands ----

status_server() {
  local pid=''
  if find_folder; then pid=$(main_pid); fi
  if [[ -z $pid ]]; then
    echo "$name stopped"
    return 3
  fi
  echo "$name running pid=$pid port=$(<"$folder/port") url=$(server_url "$(<"$folder/port")")"
}

up_server() {
  [[ -x $(server_program) ]] || fail "$server is not installed: there is no $(server_program).
  .ci/install installs all that the project needs; for this alone, as root:
  apt-get update && apt-get install --no-install-recommends $(server_packages)"
  choose_folder
  with_lock bring_up
  status_server
}
down_server() { if_there with_lock bring_down; }
kill_server() { if_there with_lock kill_hard; }
remove_server() {
  if_there with_lock bring_down >/dev/null
  rm -rf -- "${folder:?}" "${noted:?}"
  echo "$name removed"
}

if_there() {
  if find_folder; then "$@"; fi
  [[ $action == remove ]] || echo "$name stopped"
}

bring_up() {
  [[ -z $(main_pid) ]] || return 0
  if [[ ! -f $folder/created ]]; then
    rm -rf -- "$folder/data"
    "${as_owner[@]}" mkdir -m 700 -- "$folder/data"
    create_data || fail "$server could not be created; see $folder/log"
    touch "$folder/created"
  fi
  [[ -f $folder/port ]] || free_port >"$folder/port"
  local attempt result
  for attempt in 1 2 3 4 5; do
    result=0
    launch "$(<"$folder/port")" || result=$?
    ((result == 4)) || break
    free_port >"$folder/port"  # somebody else has taken the port since
  done
  ((result == 0)) || fail "$server does not start; the end of $folder/log: $(tail -n 5 "$folder/log")"
}

bring_down() {
  local pid
  pid=$(main_pid)
  [[ -n $pid ]] || return 0
  ask_to_stop "$pid"
  gone_within 30 || kill_hard
}

kill_hard() {
  local attempt victims
  for attempt in {1..200}; do  # again, for those that were born meanwhile
    victims=$(processes)
    [[ -n $victims ]] || return 0
    # shellcheck disable=SC2086
    kill -KILL $victims 2>/dev/null || true
    sleep 0.02
  done
  fail "could not kill $name"
}
