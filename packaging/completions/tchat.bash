# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion for tchat

_tchat()
{
	# shellcheck disable=SC2034 # _init_completion fills them all
	local cur prev words cword split
	_init_completion -s || return
	case $prev in
	--host | -H)
		mapfile -t COMPREPLY < <(compgen -W '50000 localhost:50000' -- "$cur")
		return
		;;
	--join | -j | --ping | -p)
		_known_hosts_real -- "$cur"
		return
		;;
	--data | --check-history | --export)
		_filedir -d
		return
		;;
	--durability)
		mapfile -t COMPREPLY < <(compgen -W 'full process none' -- "$cur")
		return
		;;
	--trust)
		mapfile -t COMPREPLY < <(compgen -W 'ask new pinned' -- "$cur")
		return
		;;
	--access)
		mapfile -t COMPREPLY < <(compgen -W 'ask invite open' -- "$cur")
		return
		;;
	--log-level)
		mapfile -t COMPREPLY < <(compgen -W 'error warning info debug' -- "$cur")
		return
		;;
	--history-access)
		mapfile -t COMPREPLY < <(compgen -W 'all joined' -- "$cur")
		return
		;;
	--linger)
		mapfile -t COMPREPLY < <(compgen -W '10m 1h never' -- "$cur")
		return
		;;
	--nick | -n | --room | -r | --history | --since | --keep | --motd | --backlog | --clients | --*-rate | --*-burst | --*-per-* | --count | -c | --interval | -i)
		return
		;;
	esac
	$split && return
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '--host= --join= --nick= --room= --history= --trust= --insecure --lines --json --commands --stay
			--since= --headless --data= --durability= --keep= --access= --history-access= --motd= --linger= --backlog= --log= --log-level= --clients=
			--auth-time= --strangers= --strangers-per-address= --connect-rate= --connect-burst= --clients-per-user=
			--clients-per-address= --message-rate= --message-burst= --message-size= --frame-size= --queue= --queue-total= --rooms=
			--room-members= --rooms-per-user= --rooms-made= --users= --knocks= --knocks-per-address= --invitations= --rules=
			--nick-length= --room-length= --topic-length=
			--ping= --count= --interval=
			--dump --check-history= --export= --fingerprint --rotate-key --no-sandbox --verbose
			--help --version' -- "$cur")
		[[ ${COMPREPLY-} == *= ]] && compopt -o nospace
		return
	fi
	_known_hosts_real -- "$cur"
} && complete -F _tchat tchat
