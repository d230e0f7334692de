#!/bin/sh
# Installs bank-aicc from the unpacked archive, for systems without dpkg or rpm. Run as root, in the archive's folder:
#   ./install.sh             install, or upgrade while the service goes on
#   ./install.sh remove      take the program away; configuration and data stay
#   ./install.sh purge       take everything away, the data too
#   DESTDIR=FOLDER ./install.sh …   in that folder, such as an image's, instead of the running system
set -eu
cd "$(dirname "$0")"
[ "$(id -u)" = 0 ] || { echo "install.sh: run it as root" >&2; exit 1; }
units=/etc/systemd/system
root=${DESTDIR:-}
has_systemd() { [ -z "$root" ] && [ -d /run/systemd/system ]; }

install_files() {
    (cd files && find . -type f) | while read -r file; do
        file=${file#./}
        case $file in
        etc/*) continue ;;
        usr/lib/systemd/system/*) target=$units/${file##*/} ;;
        *) target=/$file ;;
        esac
        mode=644
        [ -x "files/$file" ] && mode=755
        # Beside it and then in its place: a running program cannot be written over.
        install -D -m $mode "files/$file" "$root$target.new"
        mv -f "$root$target.new" "$root$target"
    done
}

# The operator's configuration is never written over.
install_config() {
    config=$root/etc/bank-aicc/config.toml
    if [ ! -e "$config" ]; then
        install -D -m 640 files/etc/bank-aicc/config.toml "$config"
    elif ! cmp -s files/etc/bank-aicc/config.toml "$config"; then
        install -m 640 files/etc/bank-aicc/config.toml "$config.new"
        echo "install.sh: kept $config; this version's own is beside it as config.toml.new"
    fi
    [ -n "$root" ] || chown root:bank-aicc /etc/bank-aicc/config.toml*
}

add_account() {
    [ -z "$root" ] || return 0
    getent passwd bank-aicc >/dev/null ||
        useradd --system --user-group --home-dir /var/lib/bank-aicc --no-create-home --shell /sbin/nologin \
            --comment "Bank AICC" bank-aicc
}

remove_files() {
    if has_systemd; then
        systemctl --quiet disable --now bank-aicc.socket bank-aicc.service 2>/dev/null || true
    fi
    (cd files && find usr -type f) | while read -r file; do
        case $file in
        usr/lib/systemd/system/*) rm -f "$root$units/${file##*/}" ;;
        *) rm -f "$root/$file" ;;
        esac
    done
    rm -rf "$root/usr/share/bank-aicc" "$root/usr/share/doc/bank-aicc"
    if has_systemd; then systemctl daemon-reload; fi
}

case ${1:-install} in
install)
    is_first=yes
    [ -e "$root/usr/bin/bank-aicc" ] && is_first=no
    add_account
    install_files
    install_config
    started=later
    if has_systemd; then
        systemctl daemon-reload
        systemctl --quiet enable bank-aicc.socket bank-aicc.service
        started=yes
        if [ $is_first = yes ]; then
            systemctl start bank-aicc.socket bank-aicc.service || started=no
        else
            systemctl try-restart bank-aicc.service || started=no
        fi
    fi
    if [ $is_first = yes ] && [ -z "$root" ]; then
        /usr/share/bank-aicc/first-steps "$started"
    elif [ $started = no ]; then
        echo "install.sh: the new version did not start; see: journalctl -u bank-aicc" >&2
    fi
    ;;
remove) remove_files ;;
purge)
    remove_files
    rm -rf "$root/etc/bank-aicc" "$root/var/lib/bank-aicc" "$root/var/log/bank-aicc"
    [ -n "$root" ] || userdel bank-aicc 2>/dev/null || true
    ;;
*) sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
