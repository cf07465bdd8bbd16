/**
 * The script for bash. That of `@bomb.sh/tab` is not used: it does nothing without the package bash-completion, has bash expand
 * what it is offered and what was typed, and cannot be read twice.
 */
export const BASH_COMPLETION = `# bash completion for raceway: source <(raceway complete bash)
_raceway_completion() {
  local value rest files=no
  COMPREPLY=()
  while IFS=$'\\t' read -r value rest; do
    case $value in
      :0) files=yes ;;
      :*) ;;
      *) COMPREPLY+=("$value") ;;
    esac
  done < <(raceway complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [[ $files == no ]] && type compopt >/dev/null 2>&1; then compopt +o default; fi
}
complete -o default -F _raceway_completion raceway
`;
