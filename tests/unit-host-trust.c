/* SPDX-License-Identifier: GPL-3.0-or-later */
/* app: which hosts' keys are taken inside the handshake, which are asked about, which are refused. */
#include "app/host_trust.h"

#include "base/errors.h"
#include "base/file.h"
#include "store/known_hosts.h"
#include "temporary-folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[200], below[220], known_path[256], sockets[220];
static struct host_trust *trust;
static char where[4096];

static struct trust_pin key(int number)
{
	struct trust_pin pin;
	memset(pin.bytes, number, sizeof pin.bytes);
	return pin;
}

/* A trust in what is at this address, in place of the last one. */
static void at(const char *typed, enum options_trust policy)
{
	struct address address;
	assert_int_equal(address_parse(&address, typed, ADDRESS_JOIN), ADDRESS_OK);
	host_trust_free(trust);
	trust = NULL;
	assert_int_equal(host_trust_new(&address, policy, &trust, where, sizeof where), 0);
}

/* A link to a host, with the pin of a key. */
static void at_link_of(int number)
{
	struct address address;
	char text[ADDRESS_LINK];
	struct trust_pin pin = key(number);
	assert_int_equal(address_parse(&address, "chat.example.org", ADDRESS_JOIN), ADDRESS_OK);
	address.has_pin = true;
	memcpy(address.pin, pin.bytes, sizeof address.pin);
	assert_true(address_link(&address, text, sizeof text));
	at(text, TRUST_PINNED);
}

static int shown(int number)
{
	struct trust_pin pin = key(number);
	return host_trust_check(trust, &pin, NULL);
}

static int shown_after(int number, int former_number)
{
	struct trust_pin pin = key(number), former = key(former_number);
	return host_trust_check(trust, &pin, &former);
}

static int begin(void **state)
{
	if (!temporary_folder(folder, sizeof folder, "trust"))
		return -1;
	snprintf(below, sizeof below, "%s/tchat", folder);
	snprintf(known_path, sizeof known_path, "%s/known_hosts", below);
	snprintf(sockets, sizeof sockets, "%s/sockets", folder);
	setenv("XDG_DATA_HOME", folder, 1);
	setenv("XDG_RUNTIME_DIR", sockets, 1);
	return 0;
}

static int end(void **state)
{
	host_trust_free(trust);
	trust = NULL;
	known_hosts_own_remove();
	unlink(known_path);
	rmdir(below);
	char one[256];
	snprintf(one, sizeof one, "%s/tchat", sockets);
	rmdir(one);
	rmdir(sockets);
	unsetenv("XDG_DATA_HOME");
	unsetenv("XDG_RUNTIME_DIR");
	return rmdir(folder);
}

static void a_new_host_is_asked_about_then_known(void **state)
{
	at("chat.example.org", TRUST_ASK);
	assert_null(host_trust_seen(trust));
	assert_int_equal(shown(1), TCHAT_ERR_HOST_NEW);
	assert_true(host_trust_is_new(trust));
	assert_true(host_trust_asks(trust));
	assert_int_equal(host_trust_seen(trust)->bytes[0], 1);
	/* No yes: the next look asks again. */
	assert_int_equal(shown(1), TCHAT_ERR_HOST_NEW);
	assert_true(host_trust_accept(trust));
	assert_int_equal(shown(1), 0);
	at("chat.example.org", TRUST_PINNED);
	assert_int_equal(shown(1), 0);
	assert_false(host_trust_is_new(trust));
	assert_string_equal(host_trust_path(trust), known_path);
	assert_string_equal(host_trust_name(trust), "chat.example.org:50000");
}

static void a_yes_is_for_the_key_that_was_seen_alone(void **state)
{
	at("chat.example.org", TRUST_ASK);
	assert_int_equal(shown(1), TCHAT_ERR_HOST_NEW);
	assert_true(host_trust_accept(trust));
	assert_int_equal(shown(2), TCHAT_ERR_HOST_CHANGED);
	assert_false(host_trust_asks(trust));
	/* Saying yes to that one is no use: it is refused for as long as the other is known. */
	at("chat.example.org", TRUST_NEW);
	assert_int_equal(shown(2), TCHAT_ERR_HOST_CHANGED);
	assert_int_equal(shown(1), 0);
}

static void who_wants_no_question_is_asked_none(void **state)
{
	at("chat.example.org", TRUST_PINNED);
	assert_int_equal(shown(1), TCHAT_ERR_HOST_NEW);
	assert_false(host_trust_asks(trust));
	assert_int_equal(access(known_path, F_OK), -1);
	at("chat.example.org", TRUST_NEW);
	assert_int_equal(shown(1), 0);
	at("chat.example.org", TRUST_PINNED);
	assert_int_equal(shown(1), 0);
}

static void a_link_stands_for_one_key(void **state)
{
	at_link_of(1);
	assert_int_equal(shown(2), TCHAT_ERR_HOST_CHANGED);
	assert_false(host_trust_is_new(trust));
	assert_int_equal(access(known_path, F_OK), -1);
	assert_int_equal(shown(1), 0);
	/* Without the link it is known now. */
	at("chat.example.org", TRUST_PINNED);
	assert_int_equal(shown(1), 0);
}

static void a_link_changes_nothing_about_a_host_that_is_known(void **state)
{
	at("chat.example.org", TRUST_NEW);
	assert_int_equal(shown(1), 0);
	at_link_of(2);
	assert_int_equal(shown(2), 0);
	assert_int_equal(shown(1), TCHAT_ERR_HOST_CHANGED);
	at("chat.example.org", TRUST_PINNED);
	assert_int_equal(shown(1), 0);
	assert_int_equal(shown(2), TCHAT_ERR_HOST_CHANGED);
}

static void a_changed_key_is_taken_at_the_former_ones_word(void **state)
{
	at("chat.example.org", TRUST_NEW);
	assert_int_equal(shown(1), 0);
	at("chat.example.org", TRUST_PINNED);
	assert_int_equal(shown_after(2, 3), TCHAT_ERR_HOST_CHANGED);
	assert_int_equal(shown_after(2, 1), 0);
	assert_int_equal(shown(2), 0);
	assert_int_equal(shown(1), TCHAT_ERR_HOST_CHANGED);
}

static void a_link_with_the_former_key_stays_good(void **state)
{
	at_link_of(1);
	assert_int_equal(shown_after(2, 3), TCHAT_ERR_HOST_CHANGED);
	assert_int_equal(shown_after(2, 1), 0);
	at("chat.example.org", TRUST_PINNED);
	assert_int_equal(shown(2), 0);
	assert_int_equal(shown(1), TCHAT_ERR_HOST_CHANGED);
}

static void ones_own_running_host_needs_no_line(void **state)
{
	struct trust_pin own = key(7);
	assert_int_equal(mkdir(sockets, 0700), 0);
	assert_int_equal(known_hosts_own_add(own.bytes), 0);
	at("localhost:1", TRUST_PINNED);
	assert_int_equal(shown(7), 0);
	assert_int_equal(shown(8), TCHAT_ERR_HOST_NEW);
	assert_int_equal(access(known_path, F_OK), -1);
}

static void a_socket_is_worth_what_its_maker_is(void **state)
{
	char typed[300], path[280];
	snprintf(path, sizeof path, "%s/known_hosts", folder);
	snprintf(typed, sizeof typed, "unix:%s", path);
	if (strlen(path) >= ADDRESS_PATH_SIZE)
		return;
	at(typed, TRUST_PINNED);
	assert_int_equal(shown(1), TCHAT_ERR_HOST_NEW);
	assert_int_equal(file_replace(path, "", 0), 0);
	assert_int_equal(shown(1), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 12345, (gid_t)-1), 0);
		assert_int_equal(shown(1), TCHAT_ERR_HOST_NEW);
	}
	unlink(path);
}

static void a_file_that_others_may_write_to_settles_nothing(void **state)
{
	at("chat.example.org", TRUST_NEW);
	assert_int_equal(shown(1), 0);
	assert_int_equal(chmod(known_path, 0666), 0);
	assert_int_equal(shown(2), TCHAT_ERR_PERMISSION);
	/* Who starts then does not get as far as that. */
	struct host_trust *other = NULL;
	struct address address;
	assert_int_equal(address_parse(&address, "chat.example.org", ADDRESS_JOIN), ADDRESS_OK);
	assert_int_equal(host_trust_new(&address, TRUST_NEW, &other, where, sizeof where), TCHAT_ERR_PERMISSION);
	assert_string_equal(where, known_path);
	assert_null(other);
}

static void the_key_can_be_named_by_its_words_fingerprint_or_pin(void **state)
{
	struct trust_pin pin = key(1), other = key(2);
	char words[TRUST_WORDS], fingerprint[TRUST_FINGERPRINT], text[TRUST_PIN_TEXT];
	trust_words(&pin, words);
	trust_fingerprint(&pin, fingerprint);
	trust_pin_write(&pin, text);
	at("chat.example.org", TRUST_ASK);
	assert_false(host_trust_named(trust, words));
	assert_int_equal(shown(1), TCHAT_ERR_HOST_NEW);
	assert_true(host_trust_named(trust, words));
	assert_true(host_trust_named(trust, fingerprint));
	assert_true(host_trust_named(trust, text));
	assert_false(host_trust_named(trust, ""));
	trust_words(&other, words);
	assert_false(host_trust_named(trust, words));
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(a_new_host_is_asked_about_then_known),
		IN_FOLDER(a_yes_is_for_the_key_that_was_seen_alone),
		IN_FOLDER(who_wants_no_question_is_asked_none),
		IN_FOLDER(a_link_stands_for_one_key),
		IN_FOLDER(a_link_changes_nothing_about_a_host_that_is_known),
		IN_FOLDER(a_changed_key_is_taken_at_the_former_ones_word),
		IN_FOLDER(a_link_with_the_former_key_stays_good),
		IN_FOLDER(ones_own_running_host_needs_no_line),
		IN_FOLDER(a_socket_is_worth_what_its_maker_is),
		IN_FOLDER(a_file_that_others_may_write_to_settles_nothing),
		IN_FOLDER(the_key_can_be_named_by_its_words_fingerprint_or_pin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
