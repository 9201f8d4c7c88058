/* tlsrptd: receives TLS reports and keeps them. */
int
main(void)
{
    return 0;
}
