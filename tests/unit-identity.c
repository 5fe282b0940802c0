/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust: the file of an identity, who may read it, and what becomes of it when the key is changed. */
#include "base/errors.h"
#include "base/file.h"
#include "temporary-folder.h"
#include "trust/credentials.h"

#include <gnutls/x509.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[200], path[256], old_path[256];
static int link_error, fsync_error;

int __real_link(const char *from, const char *to);
int __wrap_link(const char *from, const char *to);
int __wrap_link(const char *from, const char *to)
{
	if (link_error == 0)
		return __real_link(from, to);
	errno = link_error;
	return -1;
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
	if (fsync_error == 0)
		return __real_fsync(fd);
	errno = fsync_error;
	return -1;
}

static int begin(void **state)
{
	link_error = fsync_error = 0;
	if (!temporary_folder(folder, sizeof folder, "identity"))
		return -1;
	snprintf(path, sizeof path, "%s/user.pem", folder);
	snprintf(old_path, sizeof old_path, "%s/user.pem.old", folder);
	return 0;
}

/* Nothing else is left there. */
static int end(void **state)
{
	unlink(path);
	unlink(old_path);
	return rmdir(folder);
}

static struct trust_pin pin_at(const char *place)
{
	struct trust_identity *identity;
	assert_int_equal(trust_identity_read(place, &identity), 0);
	struct trust_pin pin = *trust_identity_pin(identity);
	trust_identity_free(identity);
	return pin;
}

static void expect_refused(int err)
{
	struct trust_identity *identity;
	assert_int_equal(trust_identity_open(path, &identity), err);
	assert_int_equal(trust_identity_read(path, &identity), err);
}

static size_t read_text(const char *place, char *text, size_t size)
{
	FILE *file = fopen(place, "r");
	assert_non_null(file);
	size_t length = fread(text, 1, size - 1, file);
	text[length] = '\0';
	fclose(file);
	return length;
}

static void write_text(const char *text, size_t length)
{
	unlink(path);
	assert_int_equal(file_replace(path, text, length), 0);
}

static void the_first_start_makes_a_private_file_the_next_reads_it(void **state)
{
	struct trust_identity *identity;
	struct stat status;
	char text[4096];
	assert_int_equal(trust_identity_read(path, &identity), TCHAT_ERR_NOT_FOUND);
	assert_int_equal(trust_identity_open(path, &identity), 0);
	struct trust_pin pin = pin_at(path);
	assert_true(trust_pin_equal(&pin, trust_identity_pin(identity)));
	trust_identity_free(identity);
	assert_int_equal(trust_identity_open(path, &identity), 0);
	assert_true(trust_pin_equal(&pin, trust_identity_pin(identity)));
	trust_identity_free(identity);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(status.st_nlink, 1);
	/* The key comes first, then the certificate, as other programs want them. */
	read_text(path, text, sizeof text);
	const char *certificate = strstr(text, "-----BEGIN CERTIFICATE-----");
	assert_memory_equal(text, "-----BEGIN PRIVATE KEY-----", 27);
	assert_non_null(certificate);
}

static void a_file_that_others_may_look_into_is_refused(void **state)
{
	struct trust_identity *identity;
	assert_int_equal(trust_identity_open(path, &identity), 0);
	trust_identity_free(identity);
	static const mode_t file_modes[] = { 0644, 0640, 0604, 0620, 0610 };
	for (size_t i = 0; i < sizeof file_modes / sizeof file_modes[0]; i++) {
		assert_int_equal(chmod(path, file_modes[i]), 0);
		expect_refused(TCHAT_ERR_PERMISSION);
	}
	assert_int_equal(chmod(path, 0600), 0);
	pin_at(path);
}

static void a_folder_that_others_may_enter_is_refused(void **state)
{
	assert_int_equal(chmod(folder, 0755), 0);
	expect_refused(TCHAT_ERR_PERMISSION);
	assert_int_equal(trust_identity_rotate(path), TCHAT_ERR_PERMISSION);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(chmod(folder, 0710), 0);
	expect_refused(TCHAT_ERR_PERMISSION);
	assert_int_equal(chmod(folder, 0700), 0);
}

static void a_folder_that_is_not_there_is_not_made(void **state)
{
	struct trust_identity *identity;
	char below[300];
	snprintf(below, sizeof below, "%s/none/user.pem", folder);
	assert_int_equal(trust_identity_open(below, &identity), TCHAT_ERR_NOT_FOUND);
	assert_int_equal(trust_identity_rotate(below), TCHAT_ERR_NOT_FOUND);
}

static void what_is_not_a_plain_file_is_refused(void **state)
{
	assert_int_equal(mkdir(path, 0700), 0);
	expect_refused(TCHAT_ERR_PERMISSION);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	expect_refused(TCHAT_ERR_PERMISSION);
}

/* Each cut and each mixture says so; none becomes an identity. */
static void a_broken_file_is_refused_and_stays(void **state)
{
	struct trust_identity *identity;
	char text[4096], other[4096], mixed[8192], found[4096];
	assert_int_equal(trust_identity_open(path, &identity), 0);
	trust_identity_free(identity);
	size_t length = read_text(path, text, sizeof text);
	write_text("", 0);
	expect_refused(TCHAT_ERR_SYNTAX);
	size_t without_end = length - strlen("-----END CERTIFICATE-----\n") + 1;
	for (size_t cut = 1; cut < without_end; cut += 37) {
		write_text(text, cut);
		expect_refused(TCHAT_ERR_SYNTAX);
		assert_int_equal(read_text(path, found, sizeof found), cut);
	}
	/* The key of one, the certificate of another. */
	unlink(path);
	assert_int_equal(trust_identity_open(path, &identity), 0);
	trust_identity_free(identity);
	read_text(path, other, sizeof other);
	size_t key = (size_t)(strstr(text, "-----BEGIN CERT") - text);
	int size = snprintf(mixed, sizeof mixed, "%.*s%s", (int)key, text, strstr(other, "-----BEGIN CERT"));
	write_text(mixed, (size_t)size);
	expect_refused(TCHAT_ERR_SYNTAX);
	/* Too long a file is not even looked at. */
	static char large[20000];
	memset(large, '\n', sizeof large);
	memcpy(large, text, length);
	write_text(large, sizeof large);
	expect_refused(TCHAT_ERR_SYNTAX);
	write_text(text, length);
	pin_at(path);
}

static void a_key_of_another_kind_is_refused(void **state)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t certificate;
	gnutls_datum_t parts[2];
	char text[8192];
	assert_int_equal(gnutls_x509_privkey_init(&key), 0);
	assert_int_equal(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
	                                              GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0), 0);
	assert_int_equal(gnutls_x509_crt_init(&certificate), 0);
	assert_int_equal(gnutls_x509_crt_set_version(certificate, 3), 0);
	assert_int_equal(gnutls_x509_crt_set_serial(certificate, "\1", 1), 0);
	assert_int_equal(gnutls_x509_crt_set_activation_time(certificate, 1), 0);
	assert_int_equal(gnutls_x509_crt_set_expiration_time(certificate, (time_t)-1), 0);
	assert_int_equal(gnutls_x509_crt_set_key(certificate, key), 0);
	assert_int_equal(gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0), 0);
	assert_int_equal(gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &parts[0]), 0);
	assert_int_equal(gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &parts[1]), 0);
	int length = snprintf(text, sizeof text, "%s%s", (char *)parts[0].data, (char *)parts[1].data);
	write_text(text, (size_t)length);
	expect_refused(TCHAT_ERR_SYNTAX);
	gnutls_free(parts[0].data);
	gnutls_free(parts[1].data);
	assert_int_equal(gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_DER, &parts[1]), 0);
	struct trust_pin pin, former;
	bool rotated;
	assert_int_equal(trust_certificate_read(parts[1].data, parts[1].size, &pin, &former, &rotated), TCHAT_ERR_SYNTAX);
	gnutls_free(parts[1].data);
	gnutls_x509_crt_deinit(certificate);
	gnutls_x509_privkey_deinit(key);
}

/* Each of several first starts at once tells which key it got through a pipe. */
static void starts_at_once(void)
{
	enum { STARTS = 6 };
	int ends[2];
	struct trust_pin first, next;
	assert_int_equal(pipe(ends), 0);
	for (int i = 0; i < STARTS; i++) {
		pid_t child = fork();
		assert_true(child >= 0);
		if (child > 0)
			continue;
		struct trust_identity *identity;
		struct trust_pin pin = { { 0 } };
		if (trust_identity_open(path, &identity) == 0) {
			pin = *trust_identity_pin(identity);
			trust_identity_free(identity);
		}
		_exit(write(ends[1], &pin, sizeof pin) == sizeof pin ? 0 : 1);
	}
	for (int i = 0; i < STARTS; i++) {
		int status;
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	struct trust_pin kept = pin_at(path);
	assert_int_equal(read(ends[0], &first, sizeof first), sizeof first);
	assert_true(trust_pin_equal(&first, &kept));
	for (int i = 1; i < STARTS; i++) {
		assert_int_equal(read(ends[0], &next, sizeof next), sizeof next);
		assert_true(trust_pin_equal(&first, &next));
	}
	close(ends[0]);
	close(ends[1]);
}

static void of_first_starts_at_once_all_get_one_key(void **state)
{
	for (int round = 0; round < 5; round++) {
		starts_at_once();
		unlink(path);
	}
}

static void a_file_system_without_links_will_do(void **state)
{
	struct trust_identity *identity;
	link_error = EPERM;
	assert_int_equal(trust_identity_open(path, &identity), 0);
	trust_identity_free(identity);
	struct trust_pin pin = pin_at(path);
	/* What came meanwhile is not replaced. */
	assert_int_equal(file_create(path, "x", 1), TCHAT_ERR_IN_USE);
	struct trust_pin again = pin_at(path);
	assert_true(trust_pin_equal(&pin, &again));
}

static void what_cannot_be_written_leaves_nothing(void **state)
{
	struct trust_identity *identity;
	fsync_error = EIO;
	assert_int_equal(trust_identity_open(path, &identity), TCHAT_ERR_SYSTEM);
	assert_int_equal(errno, EIO);
	fsync_error = 0;
	link_error = ENOSPC;
	assert_int_equal(trust_identity_open(path, &identity), TCHAT_ERR_SYSTEM);
	assert_int_equal(errno, ENOSPC);
	link_error = 0;
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(trust_identity_open(path, &identity), 0);
	trust_identity_free(identity);
	/* A change of keys that fails leaves the key that is there. */
	struct trust_pin before = pin_at(path);
	fsync_error = EIO;
	assert_int_equal(trust_identity_rotate(path), TCHAT_ERR_SYSTEM);
	fsync_error = 0;
	struct trust_pin after = pin_at(path);
	assert_true(trust_pin_equal(&before, &after));
}

/* Its certificate in DER. */
static size_t certificate_at(const char *place, uint8_t *der, size_t size)
{
	char text[4096];
	gnutls_x509_crt_t certificate;
	size_t length = read_text(place, text, sizeof text);
	assert_int_equal(gnutls_x509_crt_init(&certificate), 0);
	assert_int_equal(gnutls_x509_crt_import(certificate, &(gnutls_datum_t){ (uint8_t *)text, (unsigned)length },
	                                        GNUTLS_X509_FMT_PEM), 0);
	assert_int_equal(gnutls_x509_crt_export(certificate, GNUTLS_X509_FMT_DER, der, &size), 0);
	gnutls_x509_crt_deinit(certificate);
	return size;
}

static void the_former_key_vouches_for_the_new_one(void **state)
{
	struct trust_identity *identity;
	struct trust_pin pin, former;
	bool rotated;
	uint8_t der[2048];
	struct stat status;
	assert_int_equal(trust_identity_open(path, &identity), 0);
	trust_identity_free(identity);
	struct trust_pin first = pin_at(path);
	size_t length = certificate_at(path, der, sizeof der);
	assert_int_equal(trust_certificate_read(der, length, &pin, &former, &rotated), 0);
	assert_false(rotated);
	assert_true(trust_pin_equal(&pin, &first));

	assert_int_equal(trust_identity_rotate(path), 0);
	struct trust_pin second = pin_at(path), old = pin_at(old_path);
	assert_false(trust_pin_equal(&first, &second));
	assert_true(trust_pin_equal(&first, &old));
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(stat(old_path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	length = certificate_at(path, der, sizeof der);
	assert_int_equal(trust_certificate_read(der, length, &pin, &former, &rotated), 0);
	assert_true(rotated);
	assert_true(trust_pin_equal(&pin, &second));
	assert_true(trust_pin_equal(&former, &first));

	/* Once more: the last key before it is the one that vouches. */
	assert_int_equal(trust_identity_rotate(path), 0);
	length = certificate_at(path, der, sizeof der);
	assert_int_equal(trust_certificate_read(der, length, &pin, &former, &rotated), 0);
	assert_true(rotated);
	assert_true(trust_pin_equal(&former, &second));
}

/* A certificate of the key with that extension in it. */
static size_t forge(gnutls_x509_privkey_t key, const uint8_t *value, size_t size, uint8_t *der, size_t room)
{
	static const char oid[] = "2.25.5878907950503259563";
	gnutls_x509_crt_t certificate;
	assert_int_equal(gnutls_x509_crt_init(&certificate), 0);
	assert_int_equal(gnutls_x509_crt_set_version(certificate, 3), 0);
	assert_int_equal(gnutls_x509_crt_set_serial(certificate, "\1", 1), 0);
	assert_int_equal(gnutls_x509_crt_set_activation_time(certificate, 1), 0);
	assert_int_equal(gnutls_x509_crt_set_expiration_time(certificate, (time_t)-1), 0);
	assert_int_equal(gnutls_x509_crt_set_key(certificate, key), 0);
	assert_int_equal(gnutls_x509_crt_set_extension_by_oid(certificate, oid, value, size, 0), 0);
	assert_int_equal(gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA512, 0), 0);
	assert_int_equal(gnutls_x509_crt_export(certificate, GNUTLS_X509_FMT_DER, der, &room), 0);
	gnutls_x509_crt_deinit(certificate);
	return room;
}

/* Somebody else's certificate may repeat or invent what it likes: it replaces no key. */
static void a_word_that_the_former_key_did_not_say_counts_for_nothing(void **state)
{
	struct trust_identity *identity;
	struct trust_pin pin, former;
	bool rotated;
	uint8_t der[2048], value[112];
	size_t size = sizeof value;
	gnutls_x509_crt_t certificate;
	gnutls_x509_privkey_t key;
	assert_int_equal(trust_identity_open(path, &identity), 0);
	trust_identity_free(identity);
	assert_int_equal(trust_identity_rotate(path), 0);
	size_t length = certificate_at(path, der, sizeof der);
	assert_int_equal(gnutls_x509_crt_init(&certificate), 0);
	assert_int_equal(gnutls_x509_crt_import(certificate, &(gnutls_datum_t){ der, (unsigned)length },
	                                        GNUTLS_X509_FMT_DER), 0);
	assert_int_equal(gnutls_x509_crt_get_extension_by_oid(
	                         certificate, "2.25.5878907950503259563", 0, value, &size, NULL), 0);
	assert_int_equal(size, sizeof value);
	gnutls_x509_crt_deinit(certificate);

	assert_int_equal(gnutls_x509_privkey_init(&key), 0);
	assert_int_equal(gnutls_x509_privkey_generate(key, GNUTLS_PK_EDDSA_ED25519, 0, 0), 0);
	length = forge(key, value, sizeof value, der, sizeof der);
	assert_int_equal(trust_certificate_read(der, length, &pin, &former, &rotated), 0);
	assert_false(rotated);
	gnutls_x509_privkey_deinit(key);

	/* In one's own certificate, each byte counts, and so does the length. */
	char text[4096];
	assert_int_equal(gnutls_x509_privkey_init(&key), 0);
	gnutls_datum_t pem = { (uint8_t *)text, (unsigned)read_text(path, text, sizeof text) };
	assert_int_equal(gnutls_x509_privkey_import_pkcs8(key, &pem, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN), 0);
	for (size_t i = 0; i < sizeof value; i++) {
		value[i] ^= 1;
		length = forge(key, value, sizeof value, der, sizeof der);
		assert_int_equal(trust_certificate_read(der, length, &pin, &former, &rotated), 0);
		assert_false(rotated);
		value[i] ^= 1;
	}
	length = forge(key, value, sizeof value - 1, der, sizeof der);
	assert_int_equal(trust_certificate_read(der, length, &pin, &former, &rotated), 0);
	assert_false(rotated);
	length = forge(key, value, sizeof value, der, sizeof der);
	assert_int_equal(trust_certificate_read(der, length, &pin, &former, &rotated), 0);
	assert_true(rotated);
	gnutls_x509_privkey_deinit(key);
}

static void only_a_key_that_is_there_can_be_changed(void **state)
{
	assert_int_equal(trust_identity_rotate(path), TCHAT_ERR_NOT_FOUND);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(access(old_path, F_OK), -1);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(the_first_start_makes_a_private_file_the_next_reads_it),
		IN_FOLDER(a_file_that_others_may_look_into_is_refused),
		IN_FOLDER(a_folder_that_others_may_enter_is_refused),
		IN_FOLDER(a_folder_that_is_not_there_is_not_made),
		IN_FOLDER(what_is_not_a_plain_file_is_refused),
		IN_FOLDER(a_broken_file_is_refused_and_stays),
		IN_FOLDER(a_key_of_another_kind_is_refused),
		IN_FOLDER(of_first_starts_at_once_all_get_one_key),
		IN_FOLDER(a_file_system_without_links_will_do),
		IN_FOLDER(what_cannot_be_written_leaves_nothing),
		IN_FOLDER(the_former_key_vouches_for_the_new_one),
		IN_FOLDER(a_word_that_the_former_key_did_not_say_counts_for_nothing),
		IN_FOLDER(only_a_key_that_is_there_can_be_changed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
