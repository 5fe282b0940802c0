# SPDX-License-Identifier: GPL-3.0-or-later
dist_man_MANS += man/tchat.1 man/tchatrc.5 man/tchat-protocol.7
