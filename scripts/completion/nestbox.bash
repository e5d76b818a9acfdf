# bash completion for nestbox, the command line of nestboxd. Installed as
# /usr/share/bash-completion/completions/nestbox; to try it: source scripts/completion/nestbox.bash

# Asks the daemon; silent where it does not run. The words before the command carry --socket.
_nestbox_ask() {
  local program=${COMP_WORDS[0]} socket=() i
  for ((i = 1; i + 1 < ${#COMP_WORDS[@]}; i++)); do
    [[ ${COMP_WORDS[i]} == --socket ]] && socket=(--socket "${COMP_WORDS[i + 1]}")
  done
  "$program" "${socket[@]}" --json "$@" </dev/null 2>/dev/null
}

# The values of a member that is a plain string, one a line: _nestbox_values key <json
_nestbox_values() {
  grep -o "\"$1\": *\"[^\"]*\"" | sed 's/.*"\([^"]*\)"$/\1/'
}

# Names of outputs: of the status, the part between "outputs":[ and the first ].
_nestbox_outputs() {
  _nestbox_ask status | grep -o '"outputs": *\[[^]]*' | _nestbox_values name
}

# Names of lines: of the status, the part between "lines":[ and the first ].
_nestbox_lines() {
  _nestbox_ask status | grep -o '"lines": *\[[^]]*' | _nestbox_values name
}

# Numbers of the visits of the last days.
_nestbox_visits() {
  _nestbox_ask visits --since 3d | grep -o '"id": *[0-9]*' | grep -o '[0-9]*$'
}

_nestbox() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local words=() i choices=''
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      --socket | -o | --output | --picture | --config | --set | --since) ((i++)) ;;
      -*) ;;
      *) words+=("${COMP_WORDS[i]}") ;;
    esac
  done

  case $previous in
    --socket | -o | --output | --picture | --config)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return
      ;;
  esac

  case "${words[*]}" in
    '') choices='status analyze replay doctor focus live snapshot visits why star note species day set get diff reset reload key passwd setup sim --socket --json --help --version' ;;
    live) choices='start stop test' ;;
    'live start' | 'live stop' | 'live test' | 'key set') choices=$(_nestbox_outputs) ;;
    key) choices='set' ;;
    sim) choices='set get' ;;
    'sim set' | 'sim get') choices=$(_nestbox_lines) ;;
    'sim set '*) choices='0 1' ;;
    set | get | reset) choices=$(_nestbox_ask get | _nestbox_values key) ;;
    visits) choices='--since --csv' ;;
    why | note | species) choices=$(_nestbox_visits) ;;
    star) choices="$(_nestbox_visits) --off" ;;
    snapshot) choices='-o' ;;
    analyze | 'analyze '*)
      if [[ $current != -* ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
      fi
      choices='--csv --picture --set --config'
      ;;
    replay | 'replay '*) choices='--set --config' ;;
    doctor) choices='--uplink --lights --config' ;;
    focus) choices='lock --day --infrared --reset' ;;
  esac
  [[ $current == -* && -n ${words[*]} ]] && choices+=' --json --help'
  mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$current")
}

complete -F _nestbox nestbox
