# SPDX-License-Identifier: GPL-3.0-or-later
EXTRA_DIST += packaging/deps/debian

# --- Completions; configure says where to, an empty folder means not at all.
EXTRA_DIST += packaging/completions/tchat.bash packaging/completions/_tchat packaging/completions/tchat.fish
if INSTALL_BASH_COMPLETION
bashcompletion_DATA = packaging/completions/tchat
CLEANFILES += packaging/completions/tchat
packaging/completions/tchat: packaging/completions/tchat.bash
	$(AM_V_GEN)$(MKDIR_P) packaging/completions && cp -f $(srcdir)/packaging/completions/tchat.bash $@
endif
if INSTALL_ZSH_COMPLETION
zshcompletion_DATA = packaging/completions/_tchat
endif
if INSTALL_FISH_COMPLETION
fishcompletion_DATA = packaging/completions/tchat.fish
endif

# --- The desktop's menu, software centres, links that begin with tchat:
applicationsdir = $(datadir)/applications
metainfodir = $(datadir)/metainfo
iconsdir = $(datadir)/icons/hicolor/scalable/apps
dist_applications_DATA = packaging/desktop/tchat.desktop
dist_metainfo_DATA = packaging/desktop/tchat.metainfo.xml
dist_icons_DATA = packaging/desktop/tchat.svg

# --- A host as a service.
EXTRA_DIST += packaging/systemd/tchat.service.in packaging/systemd/tchat.sysusers
if INSTALL_SYSTEMD_UNIT
systemdunit_DATA = packaging/systemd/tchat.service
CLEANFILES += packaging/systemd/tchat.service
packaging/systemd/tchat.service: packaging/systemd/tchat.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) packaging/systemd && \
	$(SED) 's|@bindir[@]|$(bindir)|' $(srcdir)/packaging/systemd/tchat.service.in >$@.new && mv $@.new $@
endif
if INSTALL_SYSUSERS
sysusers_DATA = packaging/systemd/tchat.conf
CLEANFILES += packaging/systemd/tchat.conf
packaging/systemd/tchat.conf: packaging/systemd/tchat.sysusers
	$(AM_V_GEN)$(MKDIR_P) packaging/systemd && cp -f $(srcdir)/packaging/systemd/tchat.sysusers $@
endif

# --- A Debian package: copy this folder to debian/, then dpkg-buildpackage.
EXTRA_DIST += packaging/debian/changelog packaging/debian/clean packaging/debian/control packaging/debian/copyright packaging/debian/docs packaging/debian/rules \
	packaging/debian/source/format packaging/debian/tests/control packaging/debian/tests/two-talk
